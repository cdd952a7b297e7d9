//! A limit on how many lines are written in a second.
//!
//! Guests decide how often they do what is worth a line. Each second has room for so many; the
//! first line of a later second tells how many went missing.

use core::sync::atomic::{AtomicU64, Ordering};

const SECOND_NS: u64 = 1_000_000_000;

/// Lets a number of lines through in each second, whoever writes them.
#[derive(Debug)]
pub struct Limiter {
    per_second: u32,
    /// The second in bits 63:32, the lines that came in it below, both let through and dropped.
    state: AtomicU64,
}

impl Limiter {
    /// A limit of so many lines.
    #[must_use]
    pub const fn new(per_second: u32) -> Self {
        Self {
            per_second,
            state: AtomicU64::new(0),
        }
    }

    /// A line comes at this moment, in ns. `None` drops it; otherwise the number of those that were
    /// dropped in the second in which the line before it came, where that is over.
    pub fn admit(&self, now_ns: u64) -> Option<u32> {
        // A second's number wraps after 136 years, and then is only another one.
        let second = (now_ns / SECOND_NS) << 32;
        let count = |state: u64| state & u64::from(u32::MAX);
        let step = |state: u64| {
            if state & !u64::from(u32::MAX) == second {
                // At the most it stays as it is: a carry would change the second.
                (count(state) < u64::from(u32::MAX)).then(|| state + 1)
            } else {
                Some(second | 1)
            }
        };
        let before = self
            .state
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
            .ok()?;
        if before & !u64::from(u32::MAX) == second {
            return (count(before) < self.per_second.into()).then_some(0);
        }
        let dropped = count(before).saturating_sub(self.per_second.into());
        u32::try_from(dropped).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Limiter, SECOND_NS};

    #[test]
    fn a_second_has_room_for_so_many_lines_and_the_next_tells_of_the_rest() {
        let limiter = Limiter::new(3);
        let admitted: Vec<_> = (0..10).map(|line| limiter.admit(line)).collect();
        assert_eq!(admitted[..3], [Some(0); 3]);
        assert_eq!(admitted[3..], [None; 7]);
        assert_eq!(limiter.admit(SECOND_NS), Some(7));
        assert_eq!(limiter.admit(SECOND_NS + 1), Some(0));
        assert_eq!(limiter.admit(5 * SECOND_NS), Some(0));
    }

    #[test]
    fn a_flood_of_any_length_stays_in_its_second() {
        let limiter = Limiter::new(1);
        limiter
            .state
            .store(u64::from(u32::MAX) - 1, super::Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(limiter.admit(SECOND_NS - 1), None);
        }
        assert_eq!(limiter.admit(SECOND_NS), Some(u32::MAX - 1));
    }

    #[test]
    fn no_moment_is_too_late() {
        let limiter = Limiter::new(2);
        let admitted = [u64::MAX, u64::MAX, u64::MAX].map(|now| limiter.admit(now));
        assert_eq!(admitted, [Some(0), Some(0), None]);
    }

    #[test]
    fn several_cpus_share_one_limit() {
        static LIMITER: Limiter = Limiter::new(100);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| (0..1000).filter(|_| LIMITER.admit(7).is_some()).count())
            })
            .collect();
        let total: usize = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum();
        assert_eq!(total, 100);
    }
}
