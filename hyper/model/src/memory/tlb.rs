//! What translation caches may still hold.
//!
//! A reference that maps memory is released after the entry is gone, but a CPU may go on using a
//! translation that it has cached. Flushing at each release would cost more than everything else,
//! so a release leaves a [`TlbStamp`] on the frame, and only a *change of use* of the frame asks
//! whether each CPU has flushed since.

use core::sync::atomic::{AtomicU32, Ordering};

/// A moment on the [`FlushClock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlbStamp(u32);

impl TlbStamp {
    pub(super) const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    pub(super) const fn raw(self) -> u32 {
        self.0
    }

    /// The later of two moments that are no later than `now`.
    ///
    /// Judged by what the age of each seems to be: one that is older than the counter can tell
    /// seems younger, which is the safe side.
    pub(super) const fn later(self, other: Self, now: Self) -> Self {
        if now.0.wrapping_sub(other.0) < now.0.wrapping_sub(self.0) {
            other
        } else {
            self
        }
    }
}

/// Until when translations through a released entry may have been cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Until this moment.
    Now,
    /// Until an earlier moment: the entry's table has been out of use since then.
    Since(TlbStamp),
    /// None is left: they were flushed on every CPU after the entry was gone.
    Flushed,
}

/// The machine's count of TLB flushes: one for all CPUs.
///
/// A CPU that flushes takes a new number *first*, flushes, and then keeps the number. A release
/// reads the clock *after* the entry is gone. So a CPU whose number is greater than a stamp has
/// flushed after that release.
///
/// Numbers wrap. They are compared by their distance, which is right as long as each CPU flushes at
/// least once in 2^31 ticks of the clock; [`FlushClock::flush`] says when to see to that. A stamp
/// that is older than that costs a needless flush at worst.
#[derive(Debug, Default)]
pub struct FlushClock(AtomicU32);

/// What one CPU keeps of the [`FlushClock`].
#[derive(Debug, Default)]
pub struct CpuFlushes(AtomicU32);

/// Whether the clock asks for a flush of every CPU, soon.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Nothing to do.
    NotNeeded,
    /// Another 2^29 ticks are over: make each CPU flush before as many have passed again.
    Due,
}

impl FlushClock {
    /// A clock at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// A clock that wraps soon, for tests.
    #[cfg(test)]
    pub(super) const fn at(now: u32) -> Self {
        Self(AtomicU32::new(now))
    }

    /// The present moment.
    #[inline]
    pub fn now(&self) -> TlbStamp {
        TlbStamp(self.0.load(Ordering::SeqCst))
    }

    /// Flushes this CPU's whole TLB by `flush` (a CR3 write does it, as guests have no global
    /// pages), and keeps the books.
    #[inline]
    pub fn flush(&self, cpu: &CpuFlushes, flush: impl FnOnce()) -> Sweep {
        // Tick before the flush: a release that reads the old time is older than the flush.
        let tick = self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        flush();
        cpu.0.store(tick, Ordering::SeqCst);
        if tick & ((1 << 29) - 1) == 0 {
            Sweep::Due
        } else {
            Sweep::NotNeeded
        }
    }

    /// Whether a CPU has flushed since a moment.
    #[inline]
    pub fn has_flushed_since(&self, cpu: &CpuFlushes, stamp: TlbStamp) -> bool {
        (cpu.0.load(Ordering::SeqCst).wrapping_sub(stamp.0) as i32) > 0
    }
}

impl CpuFlushes {
    /// A CPU that flushes for the first time at `clock`'s present moment: call it where the CPU
    /// has just loaded its first root.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }
}

#[cfg(test)]
mod tests {
    use super::{CpuFlushes, FlushClock, Sweep, TlbStamp};

    #[test]
    fn a_flush_covers_earlier_stamps_only() {
        for start in [0, 1, i32::MAX as u32, u32::MAX - 1, u32::MAX] {
            let clock = FlushClock::at(start);
            let cpu = CpuFlushes::new();
            let _ = clock.flush(&cpu, || ());
            let before = clock.now();
            assert!(!clock.has_flushed_since(&cpu, before), "at {start:#x}");
            let _ = clock.flush(&cpu, || ());
            assert!(clock.has_flushed_since(&cpu, before), "at {start:#x}");
            assert!(!clock.has_flushed_since(&cpu, clock.now()), "at {start:#x}");
        }
    }

    #[test]
    fn the_later_of_two_stamps_is_told_across_the_wrap_and_any_distance() {
        for now in [0, 1, 5, i32::MAX as u32, u32::MAX] {
            for (a, b) in [
                (0, 1),
                (1, 1 << 31),
                (7, u32::MAX),
                (1 << 31, (1 << 31) + 1),
            ] {
                let [young, old] = [a, b].map(|age| TlbStamp(now.wrapping_sub(age)));
                let now = TlbStamp(now);
                assert_eq!(
                    (young.later(old, now), old.later(young, now)),
                    (young, young)
                );
            }
        }
    }

    #[test]
    fn a_release_during_the_flush_is_not_covered() {
        let clock = FlushClock::new();
        let cpu = CpuFlushes::new();
        let mut during = None;
        let _ = clock.flush(&cpu, || during = Some(clock.now()));
        assert!(!clock.has_flushed_since(&cpu, during.unwrap()));
    }

    #[test]
    fn the_clock_asks_for_a_sweep_long_before_it_wraps() {
        let clock = FlushClock::at((1 << 29) - 2);
        let cpu = CpuFlushes::new();
        assert_eq!(clock.flush(&cpu, || ()), Sweep::NotNeeded);
        assert_eq!(clock.flush(&cpu, || ()), Sweep::Due);
        assert_eq!(clock.flush(&cpu, || ()), Sweep::NotNeeded);
    }
}
