//! `memory_op` (12): reservations, maps, the machine-to-physical table.
//!
//! Arguments: the command, whose low 6 bits are a
//! [`MemoryOp`](ringwall_abi::memory::MemoryOp) and whose upper bits count the extents that are
//! done already; the address of the operation's structure.
//!
//! Result: as each operation says; 0 otherwise. Errors of every operation: `ENOSYS` for one that
//! is unknown or absent, `EFAULT` where the structure or a list is not the caller's, `ESRCH` for a
//! domain that does not exist, `EPERM` for another domain's memory or the machine's map where the
//! caller has no power over it.
//!
//! Anybody may call it. The lists of reservations and exchanges can be long: between two extents
//! (between two groups of at most 512 frames, in an exchange) the call is preempted. How far it
//! came stands in the command, or in `nr_exchanged`.
//!
//! A paravirtualized guest keeps its physical map itself, so whatever changes the physical map of
//! a translated guest is refused.

mod dispatch;
mod exchange;
mod extents;
mod map;
mod order;
mod query;
mod reservation;
mod resource;
mod taken;

pub(super) use dispatch::handle;
pub(crate) use map::{MemoryMap, set_machine_map};
