//! Domains as they are shown.

use ringwall_guestfile::Guest;
use serde::{Deserialize, Serialize};

use crate::{Counters, DiskInfo, MemoryUse, NetInfo, VcpuInfo};

/// What a domain does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It runs, or could.
    Running,
    /// All its virtual CPUs wait for events.
    Blocked,
    /// It was stopped from running.
    Paused,
    /// It has ended, and is kept.
    Shutdown,
    /// It has crashed, and is kept.
    Crashed,
    /// It is being destroyed.
    Dying,
}

impl State {
    /// As tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::Shutdown => "shutdown",
            Self::Crashed => "crashed",
            Self::Dying => "dying",
        }
    }
}

/// Why a domain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ShutdownReason {
    /// It switched itself off.
    Poweroff,
    /// It asked for a restart.
    Reboot,
    /// It suspended itself.
    Suspend,
    /// It crashed.
    Crash,
    /// Its watchdog ran out.
    Watchdog,
    /// A reason that has no name here.
    Other,
}

impl ShutdownReason {
    /// As events have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Poweroff => "poweroff",
            Self::Reboot => "reboot",
            Self::Suspend => "suspend",
            Self::Crash => "crash",
            Self::Watchdog => "watchdog",
            Self::Other => "other",
        }
    }
}

/// A domain in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// What it does.
    pub state: State,
    /// Why it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ShutdownReason>,
    /// The memory that it has, in KiB.
    pub memory_kib: u64,
    /// The most it may have, in KiB; absent if there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_memory_kib: Option<u64>,
    /// Its virtual CPUs that are up.
    pub vcpus: u32,
    /// Those that it may have.
    pub max_vcpus: u32,
    /// The time that they ran, in ns.
    pub cpu_time_ns: u64,
    /// Since when it runs, in milliseconds since 1970, if ringd made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<u64>,
}

/// All that is known of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Info {
    /// What a list has of it.
    #[serde(flatten)]
    pub summary: Summary,
    /// Its UUID.
    pub uuid: String,
    /// What it was created from, if ringd made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Guest>,
    /// How often its name was restarted.
    pub restarts: u32,
    /// Its virtual CPUs.
    pub vcpu: Vec<VcpuInfo>,
    /// What they did together; absent on Xen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<Counters>,
    /// What its memory is used as; absent on Xen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_use: Option<MemoryUse>,
    /// Its disks.
    pub disk: Vec<DiskInfo>,
    /// Its network cards.
    pub net: Vec<NetInfo>,
    /// Bytes that it wrote to its console.
    pub console_bytes: u64,
    /// Clients that are attached to it.
    pub console_attached: u32,
    /// The file that keeps its console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// A domain that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Created {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
}

/// A domain that something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changed {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// What was done, in a word: `destroyed`, `paused`.
    pub what: String,
}
