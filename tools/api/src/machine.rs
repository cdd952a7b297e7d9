//! The machine, for `top`.

use serde::{Deserialize, Serialize};

use crate::{Counters, MemoryUse, Summary};

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// The hypervisor's name and version.
    pub hypervisor: String,
    /// Its memory, in KiB.
    pub total_kib: u64,
    /// What nobody has, in KiB.
    pub free_kib: u64,
    /// Its CPUs.
    pub cpus: u32,
    /// Their frequency, in kHz.
    pub cpu_khz: u32,
}

/// The machine and its domains at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sample {
    /// When, in ns of a clock that never goes back.
    pub time_ns: u64,
    /// The machine.
    pub machine: Machine,
    /// The domains, by number.
    pub domains: Vec<Load>,
}

/// A domain, and what it did so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Load {
    /// What a list has of it.
    #[serde(flatten)]
    pub summary: Summary,
    /// What its virtual CPUs did; absent on Xen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<Counters>,
    /// What its memory is used as, if that was asked for; absent on Xen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_use: Option<MemoryUse>,
}
