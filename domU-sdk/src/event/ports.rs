//! The bits of ports in the shared page.

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::Port;
use ringwall_abi::event_channel::TWO_LEVEL_NR_CHANNELS;
use ringwall_abi::xen::SharedInfo;

use crate::{hypercall, start};

/// Words of the bits of all ports.
pub(super) const WORDS: usize = TWO_LEVEL_NR_CHANNELS as usize / 64;

/// The word at `offset` that has the port's bit, and the bit; `None` for a number that is no port's.
fn bit(offset: usize, port: Port) -> Option<(&'static AtomicU64, u64)> {
    if port.raw() >= TWO_LEVEL_NR_CHANNELS {
        return None;
    }
    let word = start::shared_info()?.u64(offset + port.raw() as usize / 64 * 8);
    Some((word, 1 << (port.raw() % 64)))
}

/// Whether a port has an event.
#[must_use]
pub fn is_pending(port: Port) -> bool {
    bit(SharedInfo::EVTCHN_PENDING, port)
        .is_some_and(|(word, bit)| word.load(Ordering::SeqCst) & bit != 0)
}

/// Takes the event of a port; whether there was one. What comes later is another event.
pub fn clear(port: Port) -> bool {
    bit(SharedInfo::EVTCHN_PENDING, port)
        .is_some_and(|(word, bit)| word.fetch_and(!bit, Ordering::SeqCst) & bit != 0)
}

/// Whether a port is masked.
#[must_use]
pub fn is_masked(port: Port) -> bool {
    bit(SharedInfo::EVTCHN_MASK, port)
        .is_some_and(|(word, bit)| word.load(Ordering::SeqCst) & bit != 0)
}

/// Masks a port: its events wait.
pub fn mask_port(port: Port) {
    if let Some((word, bit)) = bit(SharedInfo::EVTCHN_MASK, port) {
        word.fetch_or(bit, Ordering::SeqCst);
    }
}

/// Unmasks a port, with an upcall where it is pending.
///
/// # Errors
///
/// `EINVAL` for a port that is closed.
pub fn unmask_port(port: Port) -> hypercall::Result<()> {
    // The hypervisor does both at once, and knows whose port it is.
    hypercall::event_unmask(port)
}

/// Masks all ports, as they are from the start of day.
pub fn mask_all() {
    if let Some(page) = start::shared_info() {
        for word in 0..WORDS {
            page.u64(SharedInfo::EVTCHN_MASK + word * 8)
                .store(u64::MAX, Ordering::SeqCst);
        }
    }
}

/// The ports of a word that are pending and not masked, as bits.
pub(super) fn open(word: usize) -> u64 {
    let Some(page) = start::shared_info() else {
        return 0;
    };
    let pending = page.u64(SharedInfo::EVTCHN_PENDING + word * 8);
    let mask = page.u64(SharedInfo::EVTCHN_MASK + word * 8);
    pending.load(Ordering::SeqCst) & !mask.load(Ordering::SeqCst)
}
