//! Statistics of the machine, its domains and their virtual CPUs.

use serde::{Deserialize, Serialize};

use crate::DomainId;

/// How many domains one reply tells of, at most.
pub const DOMAINS: usize = 8;

/// The machine, and some of its domains.
///
/// The numbers are each exact, but not of one moment where several CPUs run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// System time, in ns since the hypervisor's start.
    pub uptime_ns: u64,
    /// Frames of RAM.
    pub total_frames: u64,
    /// Those that nobody has.
    pub free_frames: u64,
    /// Those that the hypervisor has taken for its heap and tables since its start.
    pub heap_frames: u64,
    /// Domains by rising number, from the requested one on. The last is `None` if there are no more.
    pub domains: [Option<DomainStatistics>; DOMAINS],
}

/// A domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainStatistics {
    /// Its number.
    pub id: DomainId,
    /// Its virtual CPUs, those included that are down.
    pub vcpus: u32,
    /// The frames that it has.
    pub pages: u64,
    /// The frames that it may have.
    pub max_pages: u64,
}

/// A virtual CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VcpuStatistics {
    /// How long it ran, in ns.
    pub running_ns: u64,
    /// How long it could have run, in ns.
    pub runnable_ns: u64,
    /// How long it waited for events, in ns.
    pub blocked_ns: u64,
    /// How long it was down, in ns.
    pub offline_ns: u64,
}
