//! What Ringwall counts beyond Xen's interface. On Xen all of it is absent.

use serde::{Deserialize, Serialize};

/// Hypercalls, by what they are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hypercalls {
    /// Page tables, and the memory that a domain has.
    pub memory: u64,
    /// Registers, descriptors and handlers. Most `iret` are not counted.
    pub state: u64,
    /// Event channels.
    pub events: u64,
    /// Grant tables.
    pub grants: u64,
    /// Sleep, timers, virtual CPUs.
    pub scheduling: u64,
    /// The machine, its devices, and other domains.
    pub control: u64,
    /// Lists of hypercalls: each counts as one, whatever it holds.
    pub multicalls: u64,
    /// The rest.
    pub other: u64,
}

/// What a virtual CPU did, or all of a domain together, since the domain was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counters {
    /// Its hypercalls.
    pub hypercalls: Hypercalls,
    /// Page faults that its kernel's handler got.
    pub page_faults: u64,
    /// Writes to page tables that were emulated.
    pub emulated_writes: u64,
    /// Privileged instructions that were emulated.
    pub emulated_instructions: u64,
    /// Upcalls, each for one event or more.
    pub upcalls: u64,
    /// Grants that it mapped, unmapped or copied.
    pub grants: u64,
}

/// How a virtual CPU spent its time, in ns, and what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VcpuStatistics {
    /// It ran.
    pub running_ns: u64,
    /// It could have run.
    pub runnable_ns: u64,
    /// It waited for events.
    pub blocked_ns: u64,
    /// It was down.
    pub offline_ns: u64,
    /// What it did.
    pub counters: Counters,
}

/// What a domain's memory is used as, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemoryUse {
    /// Neither mapped writable nor anything else.
    pub unused_kib: u64,
    /// Mapped writable.
    pub writable_kib: u64,
    /// Page tables of level 1.
    pub l1_kib: u64,
    /// Page tables of level 2.
    pub l2_kib: u64,
    /// Page tables of level 3.
    pub l3_kib: u64,
    /// Page tables of level 4.
    pub l4_kib: u64,
    /// Pages of segment descriptors.
    pub descriptors_kib: u64,
    /// The hypervisor's own, which it shares with the domain.
    pub shared_kib: u64,
}

impl Hypercalls {
    /// All of them, by name.
    #[must_use]
    pub fn by_class(&self) -> [(&'static str, u64); 8] {
        [
            ("memory", self.memory),
            ("state", self.state),
            ("events", self.events),
            ("grants", self.grants),
            ("scheduling", self.scheduling),
            ("control", self.control),
            ("multicalls", self.multicalls),
            ("other", self.other),
        ]
    }

    /// All of them.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let classes = self.by_class();
        classes
            .iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

impl Counters {
    /// Adds another virtual CPU's.
    pub fn add(&mut self, other: &Self) {
        let (mine, others) = (&mut self.hypercalls, &other.hypercalls);
        for (sum, count) in [
            (&mut mine.memory, others.memory),
            (&mut mine.state, others.state),
            (&mut mine.events, others.events),
            (&mut mine.grants, others.grants),
            (&mut mine.scheduling, others.scheduling),
            (&mut mine.control, others.control),
            (&mut mine.multicalls, others.multicalls),
            (&mut mine.other, others.other),
            (&mut self.page_faults, other.page_faults),
            (&mut self.emulated_writes, other.emulated_writes),
            (&mut self.emulated_instructions, other.emulated_instructions),
            (&mut self.upcalls, other.upcalls),
            (&mut self.grants, other.grants),
        ] {
            *sum = sum.saturating_add(count);
        }
    }
}

impl MemoryUse {
    /// All page tables, in KiB.
    #[must_use]
    pub fn tables_kib(&self) -> u64 {
        [self.l1_kib, self.l2_kib, self.l3_kib, self.l4_kib]
            .iter()
            .fold(0, |sum, kib| sum.saturating_add(*kib))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_virtual_cpus_add_up() {
        let mut sum = Counters::default();
        for vcpu in 1..=2 {
            sum.add(&Counters {
                hypercalls: Hypercalls {
                    memory: vcpu,
                    other: 10,
                    ..Hypercalls::default()
                },
                page_faults: 100 * vcpu,
                ..Counters::default()
            });
        }
        assert_eq!(sum.hypercalls.sum(), 23);
        assert_eq!((sum.page_faults, sum.grants), (300, 0));
    }
}
