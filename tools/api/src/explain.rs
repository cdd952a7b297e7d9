//! What a domain is waiting for.

use serde::{Deserialize, Serialize};

use crate::{DiskInfo, NetInfo, State, VcpuInfo};

/// An event channel of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EventChannel {
    /// Its port.
    pub port: u32,
    /// The virtual CPU that it notifies.
    pub vcpu: u32,
    /// What it is bound to: `domain 0 port 12`, `timer`, `unbound for domain 0`.
    pub bound_to: String,
}

/// The domain's state with all that it may be waiting for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The domain's number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// What it does.
    pub state: State,
    /// The findings, the most likely first: one line each.
    pub findings: Vec<String>,
    /// Its virtual CPUs.
    pub vcpu: Vec<VcpuInfo>,
    /// Its event channels.
    pub event_channels: Vec<EventChannel>,
    /// Its disks.
    pub disk: Vec<DiskInfo>,
    /// Its network cards.
    pub net: Vec<NetInfo>,
}
