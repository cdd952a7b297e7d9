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
    /// Those that the hypervisor has for its heap and tables.
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

/// How many [`HypercallClass`]es there are.
pub const HYPERCALL_CLASSES: usize = 8;

/// What a hypercall is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum HypercallClass {
    /// Page tables, and the memory that a domain has.
    Memory,
    /// A virtual CPU's registers, descriptors and handlers. Most `iret` and system calls of user code come
    /// and go without being counted.
    State,
    /// Event channels.
    Events,
    /// Grant tables.
    Grants,
    /// Sleep, timers, virtual CPUs.
    Scheduling,
    /// The machine, its devices, and other domains.
    Control,
    /// Lists of hypercalls: each counts as one, whatever it holds.
    Multicalls,
    /// The rest.
    Other,
}

/// What a virtual CPU did since its domain was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VcpuCounters {
    /// Hypercalls, by [`HypercallClass`].
    pub hypercalls: [u64; HYPERCALL_CLASSES],
    /// Page faults that its kernel's handler got.
    pub page_faults: u64,
    /// Writes to page tables that were emulated.
    pub emulated_writes: u64,
    /// Privileged instructions that came for emulation.
    pub emulated_instructions: u64,
    /// Upcalls, each for one event or more.
    pub upcalls: u64,
    /// Grants that it mapped, unmapped or copied.
    pub grants: u64,
}

/// What frames of a domain are used as: how many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCounts {
    /// Where the next part begins; `None` after the last.
    pub next: Option<u64>,
    /// Neither mapped writable nor anything else.
    pub unused: u64,
    /// Mapped writable.
    pub writable: u64,
    /// Page tables, by level from 1.
    pub tables: [u64; 4],
    /// Pages of segment descriptors.
    pub descriptors: u64,
    /// The hypervisor's own, which it shares with the domain.
    pub shared: u64,
}

/// The hypervisor's own memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapStatistics {
    /// Frames of its heap and tables.
    pub frames: u64,
    /// Bytes of them that are in use. A frame stays as long as a piece of it is, so that their number depends on
    /// what came and went in between; this one does not.
    pub bytes: u64,
}
