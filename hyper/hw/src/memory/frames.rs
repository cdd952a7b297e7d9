//! The frame table and the machine-to-physical table, as memory.
// UNSAFETY: both tables are memory at fixed addresses.
#![expect(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::{Mfn, PAGE_SHIFT};
use ringwall_model::memory::Frame;
use spin::Once;

use super::early::MAX_RANGES;
use super::ranges::{Range, Ranges};
use crate::layout::{FRAME_TABLE_START, M2P_WRITE_START};

static RAM: Once<Ranges<MAX_RANGES>> = Once::new();

/// The first two ranges of RAM, first frame and length: a PC has one below 4 GiB and one above, and
/// every access to a frame asks.
static FIRST: [[AtomicU64; 2]; 2] = [const { [const { AtomicU64::new(0) }; 2] }; 2];

/// Called once, when the tables are mapped and zero for all of `ram`.
pub(super) fn publish(ram: &[Range]) {
    RAM.call_once(|| {
        let mut ranges = Ranges::new();
        for &range in ram {
            ranges.add(range);
        }
        ranges
    });
    for ([first, length], range) in FIRST.iter().zip(self::ram()) {
        first.store(range.start >> PAGE_SHIFT, Ordering::Relaxed);
        length.store(range.length() >> PAGE_SHIFT, Ordering::Relaxed);
    }
}

/// All RAM that Ringwall manages.
#[must_use]
pub fn ram() -> &'static [Range] {
    RAM.get().map_or(&[], Ranges::as_slice)
}

/// Whether the frame is RAM that Ringwall manages.
#[must_use]
#[inline]
pub fn is_ram(mfn: Mfn) -> bool {
    let inside = |[first, length]: &[AtomicU64; 2]| {
        mfn.raw().wrapping_sub(first.load(Ordering::Relaxed)) < length.load(Ordering::Relaxed)
    };
    inside(&FIRST[0]) || inside(&FIRST[1]) || is_in_other_ram(mfn)
}

#[cold]
fn is_in_other_ram(mfn: Mfn) -> bool {
    ram()
        .iter()
        .any(|range| (range.start >> PAGE_SHIFT..range.end >> PAGE_SHIFT).contains(&mfn.raw()))
}

/// The frame's entry in the frame table, or `None` where there is no RAM.
#[must_use]
#[inline]
pub fn frame(mfn: Mfn) -> Option<&'static Frame> {
    if !is_ram(mfn) {
        return None;
    }
    // SAFETY: 1. the table is mapped for all RAM; 2. zero bytes are a valid `Frame`, all atomics.
    Some(unsafe { &*(FRAME_TABLE_START as *const Frame).add(usize::try_from(mfn.raw()).ok()?) })
}

fn m2p(mfn: Mfn) -> Option<&'static AtomicU64> {
    if !is_ram(mfn) {
        return None;
    }
    // SAFETY: 1. the table is mapped for all RAM; 2. only atomics touch it; guests only read it.
    Some(unsafe { &*(M2P_WRITE_START as *const AtomicU64).add(usize::try_from(mfn.raw()).ok()?) })
}

/// Writes an entry of the machine-to-physical table.
pub fn set_m2p(mfn: Mfn, pfn: u64) {
    if let Some(entry) = m2p(mfn) {
        entry.store(pfn, Ordering::Relaxed);
    }
}

/// Reads an entry of the machine-to-physical table.
#[must_use]
pub fn read_m2p(mfn: Mfn) -> Option<u64> {
    m2p(mfn).map(|entry| entry.load(Ordering::Relaxed))
}
