//! What `top` shows of each domain.

use clap::ValueEnum;

use super::rates::{Order, Row};
use crate::output::{cpu_time, memory};

/// Which numbers are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Show {
    /// CPU time and memory
    #[default]
    Load,
    /// What domains ask of the hypervisor, per second (Ringwall)
    Counters,
    /// What their memory is used as (Ringwall)
    Memory,
}

/// How many columns each has.
pub(super) const COLUMNS: usize = 8;

impl Show {
    /// The next one, round and round.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Load => Self::Counters,
            Self::Counters => Self::Memory,
            Self::Memory => Self::Load,
        }
    }

    /// The headings; `>` stands before those of numbers.
    pub(super) fn head(self) -> [&'static str; COLUMNS] {
        match self {
            Self::Load => [
                ">ID", "NAME", "STATE", ">CPU%", ">TIME", ">MEMORY", ">MOST", ">VCPUS",
            ],
            Self::Counters => [
                ">ID",
                "NAME",
                ">CPU%",
                ">CALLS/S",
                ">FAULTS/S",
                ">EMULATED/S",
                ">UPCALLS/S",
                ">GRANTS/S",
            ],
            Self::Memory => [
                ">ID",
                "NAME",
                ">MEMORY",
                ">WRITABLE",
                ">TABLES",
                ">SEGMENTS",
                ">SHARED",
                ">UNUSED",
            ],
        }
    }

    /// The column that the domains are sorted by, where it is shown.
    pub(super) fn sorted(self, order: Order) -> Option<usize> {
        let name = match order {
            Order::Cpu => ">CPU%",
            Order::Memory => ">MEMORY",
            Order::Name => "NAME",
            Order::Id => ">ID",
        };
        self.head().iter().position(|head| *head == name)
    }

    /// A domain's cells.
    pub(super) fn cells(self, row: &Row) -> [String; COLUMNS] {
        let domain = &row.load.summary;
        let (id, name) = (domain.id.to_string(), domain.name.clone());
        let has = memory(domain.memory_kib);
        let percent = row
            .percent
            .map_or_else(absent, |percent| format!("{percent:.1}"));
        match self {
            Self::Load => [
                id,
                name,
                domain.state.name().to_owned(),
                percent,
                cpu_time(domain.cpu_time_ns),
                has,
                domain.max_memory_kib.map_or_else(absent, memory),
                domain.vcpus.to_string(),
            ],
            Self::Counters => {
                let [calls, faults, emulated, upcalls, grants] = match row.rates {
                    Some(rates) => rates.map(|rate| rate.to_string()),
                    None => [(); 5].map(|()| absent()),
                };
                [id, name, percent, calls, faults, emulated, upcalls, grants]
            }
            Self::Memory => {
                let [writable, tables, segments, shared, unused] = match &row.load.memory_use {
                    Some(used) => [
                        used.writable_kib,
                        used.tables_kib(),
                        used.descriptors_kib,
                        used.shared_kib,
                        used.unused_kib,
                    ]
                    .map(memory),
                    None => [(); 5].map(|()| absent()),
                };
                [id, name, has, writable, tables, segments, shared, unused]
            }
        }
    }
}

/// A number that is not known, or not yet.
fn absent() -> String {
    "-".to_owned()
}
