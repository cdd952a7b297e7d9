//! The machine, for `top`.

use serde::{Deserialize, Serialize};

use crate::Summary;

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
    pub domains: Vec<Summary>,
}
