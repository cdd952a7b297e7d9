//! Which virtual CPU runs next.
//!
//! Each CPU has a queue of virtual CPUs, ordered by the *virtual time* that each has used: ns
//! divided by weight. The one that has used least runs. One that wakes is placed slightly before
//! the others however long it slept, so it runs soon and can't hoard. A cap stops the virtual
//! CPUs of a domain until the next period when they have used up this one. A CPU without work
//! steals.
//!
//! **Locks.** One per queue, in the order of the CPUs' numbers; a CPU that steals holds its own
//! and only *tries* the others'. Which queue a virtual CPU belongs to changes under both locks.
//!
//! The caller's part: [`Scheduler::pick`] at boot and whenever the time that it named has come or
//! a [`Kick`] says so, and [`Scheduler::context_saved`] when the registers of the virtual CPU that
//! ran before are in memory: only then may another CPU take it. A virtual CPU that blocks calls
//! [`Scheduler::sleep`] first and looks for events after, or a wake-up between would be lost.

mod cpu_set;
mod entity;
mod error;
mod group;
mod members;
mod moving;
mod queue;
mod scheduler;
mod slice;
#[cfg(test)]
mod tests;

pub use cpu_set::{CPUS, CpuId, CpuSet};
pub use error::Error;
pub use group::{DEFAULT_WEIGHT, GroupSlot, Parameters};

pub use scheduler::{Decision, Kick, Scheduler, VcpuSlot};
pub use slice::{MAX_SLICE_NS, MIN_RUN_NS};
