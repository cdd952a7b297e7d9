//! The time of day.

const NS_PER_S: u64 = 1_000_000_000;

/// What the hypervisor tells guests of the time of day: the Unix time at which system time was
/// zero, split as `shared_info` has it (`wc_sec`, `wc_nsec`, `wc_sec_hi`). Published under `wc_version`
/// by [`publish`](super::publish).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// Bits 31:0 of the seconds.
    pub sec: u32,
    /// Nanoseconds, below 10^9.
    pub nsec: u32,
    /// Bits 63:32 of the seconds.
    pub sec_hi: u32,
}

impl WallClock {
    /// From a moment at which both clocks were known: `unix_ns` since the epoch and `system_ns`
    /// since the clock's start, with a domain's time offset in seconds. A sum before the epoch
    /// becomes the epoch.
    #[must_use]
    pub fn new(unix_ns: u64, system_ns: u64, offset_s: i64) -> Self {
        let origin = i128::from(unix_ns) - i128::from(system_ns)
            + i128::from(offset_s) * i128::from(NS_PER_S);
        let origin = u128::try_from(origin).unwrap_or(0);
        let seconds = u64::try_from(origin / u128::from(NS_PER_S)).unwrap_or(u64::MAX);
        Self {
            sec: (seconds & 0xffff_ffff) as u32,
            nsec: u32::try_from(origin % u128::from(NS_PER_S)).unwrap_or(0),
            sec_hi: (seconds >> 32) as u32,
        }
    }

    /// The whole seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::from(self.sec_hi) << 32 | u64::from(self.sec)
    }
}

#[cfg(test)]
mod tests {
    use super::WallClock;

    fn check(unix_ns: u64, system_ns: u64, offset_s: i64, seconds: u64, nsec: u32) {
        let clock = WallClock::new(unix_ns, system_ns, offset_s);
        assert_eq!((clock.seconds(), clock.nsec), (seconds, nsec));
    }

    #[test]
    fn the_origin_of_system_time() {
        check(
            1_700_000_000_500_000_000,
            2_000_000_000,
            0,
            1_699_999_998,
            500_000_000,
        );
        check(1_700_000_000_000_000_000, 1, 0, 1_699_999_999, 999_999_999);
        check(1_700_000_000_000_000_000, 0, -3600, 1_699_996_400, 0);
        check(0, 0, 1 << 33, 1 << 33, 0);
        assert_eq!(WallClock::new(0, 0, 1 << 33).sec_hi, 2);
    }

    #[test]
    fn before_the_epoch_is_the_epoch() {
        check(5, 6, 0, 0, 0);
        check(5, 0, i64::MIN, 0, 0);
    }
}
