//! Frames, their owners, types and counts, and who may map what.
//!
//! Every rule that keeps a paravirtualized guest inside its own memory is decided here, over the
//! small trait [`Machine`]: ring 0 implements it by the direct map, the tests by an arena. The
//! entry point is [`Memory`]; `hyper/docs/0001-page-types.md` has the states and the invariants.
//!
//! **Lock order.** Nothing in here takes a lock, but [`Machine::accounts`] and
//! [`Machine::reclaim`] do. No lock of theirs may be held when a method of [`Memory`] is called;
//! `accounts` comes before the lock of the [`Buddy`], and two domains' accounts are never locked
//! together.

mod buddy;
mod claim;
mod descriptor;
mod domain;
mod entry;
mod error;
mod frame;
mod grant_entry;
mod kind;
mod leaf;
mod list;
mod machine;
mod page;
mod pin;
mod policy;
mod reference;
mod route;
mod share;
mod table;
mod teardown;
mod tlb;
mod upper;
mod usage;
mod validate;

#[cfg(test)]
mod tests;

pub use buddy::{Block, Buddy, MAX_ORDER};
pub use claim::{Claim, ClaimError};
pub use descriptor::{Ring, check_descriptor};
pub use domain::{CleanBlock, DomainMemory};
pub use entry::{Entry, EntryAddress, EntryIndex, Flags, HYPERVISOR_SLOTS, Level};
pub use error::Error;
pub use frame::Frame;
pub use grant_entry::Granted;
pub use kind::Kind;
pub use leaf::{Flush, Keep, Reach};
pub use machine::{Access, Invalidation, Machine, Memory};
pub use policy::{L1tf, NoExecute, Policy};
pub use reference::{Descriptor, PageReference, TypeReference, Writable};
pub use route::Route;
pub use share::{Shared, Sharing};
pub use table::Unfinished;
pub use tlb::{CpuFlushes, FlushClock, Stale, Sweep, TlbStamp};
