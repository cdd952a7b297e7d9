//! The last part of everything that was logged.

use spin::Mutex;

/// Bytes kept; the oldest go first.
const SIZE: usize = 64 << 10;

struct Ring {
    bytes: [u8; SIZE],
    /// Bytes ever written.
    written: u64,
    /// Of these, the first that is still to be shown.
    first: u64,
}

static RING: Mutex<Ring> = Mutex::new(Ring {
    bytes: [0; SIZE],
    written: 0,
    first: 0,
});

/// Appends bytes. Lock order: a leaf, with the serial line's.
pub(super) fn append(bytes: &[u8]) {
    let mut ring = RING.lock();
    for &byte in bytes {
        let place = index(ring.written);
        ring.bytes[place] = byte;
        ring.written += 1;
    }
}

/// Bytes ever logged.
#[must_use]
pub fn log_total() -> u64 {
    RING.lock().written
}

/// Copies logged bytes from position `from` on; the position after the last copied, and how many.
#[must_use]
pub fn read_log(from: u64, into: &mut [u8]) -> (u64, usize) {
    let ring = RING.lock();
    let oldest = ring.written.saturating_sub(SIZE as u64).max(ring.first);
    let mut position = from.max(oldest);
    let mut count = 0;
    for slot in into {
        if position >= ring.written {
            break;
        }
        *slot = ring.bytes[index(position)];
        position += 1;
        count += 1;
    }
    (position, count)
}

/// Forgets what was logged up to now.
pub fn clear_log() {
    let mut ring = RING.lock();
    ring.first = ring.written;
}

/// Where the byte at this position is kept.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a remainder below `SIZE`, which is a usize"
)]
fn index(position: u64) -> usize {
    (position % SIZE as u64) as usize
}
