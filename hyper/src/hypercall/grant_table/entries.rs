//! Entries of grant tables, as atomics.

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_hw::memory::frame_word;
use ringwall_model::grant::{Place, SharedMemory};

/// The frames of all grant tables.
#[derive(Debug)]
pub(super) struct Entries;

const HEADER: u64 = 0xffff_ffff;

fn entry(place: Place) -> Option<&'static AtomicU64> {
    frame_word(place.frame, place.index)
}

fn load(place: Place) -> u64 {
    // An entry that is nowhere grants nothing.
    entry(place).map_or(0, |entry| entry.load(Ordering::Acquire))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of an entry"
)]
impl SharedMemory for Entries {
    fn header(&self, place: Place) -> u32 {
        load(place) as u32
    }

    fn compare_exchange_header(&self, place: Place, current: u32, new: u32) -> bool {
        let whole = load(place);
        let next = whole & !HEADER | u64::from(new);
        // A change of the other half in between makes it fail too: the caller looks again.
        whole & HEADER == u64::from(current)
            && entry(place).is_some_and(|entry| {
                entry
                    .compare_exchange(whole, next, Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok()
            })
    }

    fn clear_header(&self, place: Place, bits: u32) {
        if let Some(entry) = entry(place) {
            entry.fetch_and(!u64::from(bits), Ordering::Release);
        }
    }

    fn frame(&self, place: Place) -> u32 {
        (load(place) >> 32) as u32
    }
}
