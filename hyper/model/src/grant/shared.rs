//! Entries in the granter's memory.

use ringwall_abi::{DomainId, Mfn};

use super::{Access, Status};

/// Where an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// A frame of the granter's table.
    pub frame: Mfn,
    /// The entry's number in it, below [`REFS_PER_FRAME`](super::REFS_PER_FRAME).
    pub index: usize,
}

/// The frames of grant tables, entries of `grant_entry_v1`. The granter writes them at any time
/// and in any way: each operation is one atomic access.
pub trait SharedMemory {
    /// Reads the first 32 bits, `flags` in 15:0 and `domid` in 31:16 (acquire).
    fn header(&self, place: Place) -> u32;
    /// Replaces the first 32 bits if they are `current` (acquire and release); whether they were.
    fn compare_exchange_header(&self, place: Place, current: u32, new: u32) -> bool;
    /// Clears bits of the first 32, without a loop (release).
    fn clear_header(&self, place: Place, bits: u32);
    /// Reads `frame`.
    fn frame(&self, place: Place) -> u32;
}

// public/grant_table.h
pub(super) const GTF_PERMIT_ACCESS: u32 = 1;
const GTF_TYPE_MASK: u32 = 3;
pub(super) const GTF_READONLY: u32 = 1 << 2;
pub(super) const GTF_READING: u32 = 1 << 3;
pub(super) const GTF_WRITING: u32 = 1 << 4;
pub(super) const DOMID_SHIFT: u32 = 16;

/// How often an entry that changes under our eyes is looked at again.
const ATTEMPTS: usize = 16;

/// Marks the entry as in use, if it grants `access` to `who`. A granter that keeps writing to it
/// only harms who deals with it: the attempts are counted.
pub(super) fn mark_in_use(
    memory: &impl SharedMemory,
    place: Place,
    who: DomainId,
    access: Access,
) -> Result<(), Status> {
    for _ in 0..ATTEMPTS {
        let header = memory.header(place);
        let granted = header & GTF_TYPE_MASK == GTF_PERMIT_ACCESS
            && header >> DOMID_SHIFT == u32::from(who.raw())
            && (header & GTF_READONLY == 0 || access == Access::ReadOnly);
        if !granted {
            return Err(Status::General);
        }
        if memory.compare_exchange_header(place, header, header | status_bits(access)) {
            return Ok(());
        }
        core::hint::spin_loop();
    }
    Err(Status::General)
}

/// The bits that tell the granter of an access.
pub(super) const fn status_bits(access: Access) -> u32 {
    match access {
        Access::ReadOnly => GTF_READING,
        Access::ReadWrite => GTF_READING | GTF_WRITING,
    }
}
