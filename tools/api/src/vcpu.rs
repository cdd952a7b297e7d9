//! Virtual CPUs and memory.

use serde::{Deserialize, Serialize};

use crate::VcpuStatistics;

/// A virtual CPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VcpuInfo {
    /// Its number in its domain.
    pub vcpu: u32,
    /// Whether it is up.
    pub online: bool,
    /// Whether it waits for an event.
    pub blocked: bool,
    /// Whether it runs just now.
    pub running: bool,
    /// The physical CPU that it ran on last.
    pub cpu: u32,
    /// The time that it ran, in ns.
    pub cpu_time_ns: u64,
    /// The CPUs that it may run on: `0-3`.
    pub affinity: String,
    /// What Ringwall counts beyond that; absent on Xen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<VcpuStatistics>,
}

/// A domain's memory, in KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemoryInfo {
    /// The domain's number.
    pub id: u16,
    /// The domain's name.
    pub name: String,
    /// What it has.
    pub memory_kib: u64,
    /// What it was asked to have.
    pub target_kib: u64,
    /// The most it may have.
    pub max_memory_kib: u64,
}
