//! Grant tables, version 1.
//!
//! A granter's [`Grants`] hold the hypervisor's own copy of every entry in use; a mapper's
//! [`Maptrack`] remembers what each handle mapped. The entries that the granter writes lie in its
//! memory, behind [`SharedMemory`]. Version 2, transfer, `dump_table`, `swap_grant_ref` and
//! `get_status_frames` are refused, by decision.
//!
//! A mapping, step by step; every step that fails undoes the ones before by dropping its guards:
//! 1. [`MapRequest::decode`];
//! 2. [`Maptrack::reserve`] of the mapper;
//! 3. [`Grants::acquire`] of the granter: checks, pins and reports to the granter in one critical
//!    section;
//! 4. the caller takes its references on [`Acquired::frame`] and installs the entry;
//! 5. [`Reserved::commit`] and [`Acquired::keep`].
//!
//! An unmapping: [`Maptrack::begin_unmap`]; the caller removes the entry, if it is the one that
//! was installed, and flushes every TLB; [`Grants::release`], which tells the granter; the caller
//! drops its references on the frame; [`Unmapping::finish`].
//!
//! **Locks.** One per entry in use and one per maptrack; neither is held when the other is taken.

mod active;
mod grants;
mod maptrack;
mod request;
mod shared;
mod status;
#[cfg(test)]
mod tests;
mod version;

pub use active::{Access, Uses};
pub use grants::{Acquired, GrantRef, Grants, REFS_PER_FRAME};
pub use maptrack::{Handle, Mapping, Maptrack, Part, Reserved, Unmapping};
pub use request::{
    CopyRequest, CopySide, CopySideArguments, HostAddress, MapRequest, UnmapRequest, cache_flush,
};
pub use shared::{Place, SharedMemory};
pub use status::Status;
pub use version::{VERSION, set_version};
