//! The guest's memory: frames, addresses, page tables.
//!
//! A PV guest's memory is numbered twice: by its own pseudo-physical numbers ([`Pfn`](ringwall_abi::Pfn)) from 0 on, and by
//! the machine's ([`Mfn`]), which its page tables hold. The p2m list turns the first into the second,
//! the hypervisor's machine-to-physical table the second into the first.
//!
//! Frames are mapped at two places: from the start of day those up to the end of the first mapping at
//! [`VIRT_BASE`], and the others, once the heap has grown to them, at [`DIRECT_BASE`].
//!
//! - [`Page`]: a page of the heap, to be shared, given back ([`Page::give_back`]) or made a table
//! - [`Window`]: addresses at which pages are mapped, protected and unmapped
//! - [`tables`] and [`entry`]: the page tables themselves

mod direct;
pub mod entry;
mod error;
mod frames;
mod page;
mod ranges;
pub mod tables;
mod window;

use core::alloc::Layout;
use core::ops::Range;

use ringwall_abi::{Mfn, PAGE_SHIFT};

use crate::raw::page::SharedPage;

pub use error::Error;
pub(crate) use frames::begin;
pub use frames::{address_of, mfn_of, mfn_of_address, pfn_of, pfn_of_address};
pub use page::{Hole, Page};
pub use window::Window;

/// Where frame 0 is mapped: the note `VIRT_BASE`.
pub const VIRT_BASE: u64 = 0xffff_ffff_8000_0000;
/// Where frame 0 would be mapped of those that are mapped later: root slot 273.
pub const DIRECT_BASE: u64 = 0xffff_8880_0000_0000;

/// The page of a frame that the hypervisor or the toolstack has put into the first mapping for both sides:
/// the console's ring and the store's. `None` where there is none.
pub(crate) fn start_page(frame: Mfn) -> Option<SharedPage> {
    frames::start_page(frame)
}

/// Maps more of the memory, for a heap that has no block of this layout: addresses; `None` where there
/// is no more. Allocates nothing.
pub(crate) fn grow(layout: Layout) -> Option<Range<u64>> {
    direct::grow(layout.size().max(layout.align()) as u64)
}

/// What the heap has so far, and what of that is in use, both in bytes. It grows until all memory is mapped.
#[must_use]
pub fn heap_usage() -> (usize, usize) {
    crate::raw::heap::usage()
}

/// Whether the heap may have handed out the address.
pub(crate) fn is_heap(address: u64) -> bool {
    frames::first_heap().contains(&address) || direct::mapped().contains(&address)
}

/// Bytes of so many pages.
pub(crate) const fn bytes(pages: u64) -> u64 {
    pages << PAGE_SHIFT
}

/// The frame behind the last of the machine that the machine-to-physical table has.
fn m2p_end() -> u64 {
    static END: spin::Once<u64> = spin::Once::new();
    *END.call_once(|| crate::hypercall::machphys_end().unwrap_or(0))
}

/// A number of bytes or an address as the CPU's own word: a PV guest of this ABI has 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "both have 64 bits")]
pub(crate) const fn word(number: u64) -> usize {
    number as usize
}
