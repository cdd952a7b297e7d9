//! How much a domain may write in a time.

use std::time::{Duration, Instant};

/// Bytes that may be written at once after a pause.
const BURST: u64 = 1 << 20;
/// Bytes in a second, for ever.
const RATE: u64 = 256 << 10;

/// Bytes that a look into the ring counts for at least. To look costs more than the bytes do: events with one or none
/// would keep the thread busy for nothing.
const LOOK: u64 = 32;

/// A bucket of bytes that fills again with time.
#[derive(Debug)]
pub(super) struct Bucket {
    bytes: u64,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            bytes: BURST,
            filled: now,
        }
    }

    /// How many bytes may be taken.
    pub(super) fn room(&mut self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(self.filled);
        let more = u64::try_from(elapsed.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_mul(RATE)
            / 1000;
        // Fractions of a byte are not lost: the time stays where nothing came of it.
        if more > 0 {
            self.bytes = self.bytes.saturating_add(more).min(BURST);
            self.filled = now;
        }
        usize::try_from(self.bytes).unwrap_or(usize::MAX)
    }

    /// Takes the bytes of one look.
    pub(super) fn take(&mut self, length: usize) {
        self.bytes = self.bytes.saturating_sub((length as u64).max(LOOK));
    }
}

/// How long to wait for a bucket that is empty.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_slowed_down_and_never_stopped() {
        let (rate, burst) = (256 << 10, 1 << 20);
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        let all = bucket.room(start);
        bucket.take(all);
        assert_eq!(bucket.room(start), 0);
        let later = start + Duration::from_secs(1);
        assert_eq!(bucket.room(later), rate);
        assert_eq!(bucket.room(later + Duration::from_secs(3600)), burst);
    }

    #[test]
    fn events_without_bytes_are_a_flood_too() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        for _ in 0..BURST / LOOK {
            assert!(bucket.room(start) > 0);
            bucket.take(0);
        }
        assert_eq!(bucket.room(start), 0);
    }
}
