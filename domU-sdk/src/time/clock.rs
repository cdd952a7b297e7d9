//! From ticks to nanoseconds.

/// How ticks of the time-stamp counter become system time, as the hypervisor says it.
///
/// Source: `public/xen.h`, `vcpu_time_info`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// The counter at the hypervisor's last look, in ticks.
    pub(super) tsc: u64,
    /// The time then, in nanoseconds.
    pub(super) system_ns: u64,
    /// Nanoseconds per shifted tick, times 2^32.
    pub(super) multiplier: u32,
    /// The shift of a tick count, to the left; to the right where negative.
    pub(super) shift: i8,
}

impl Scale {
    /// The time at `tsc`. A counter that went back counts as one that stood still.
    pub(super) fn system_ns(self, tsc: u64) -> u64 {
        let ticks = u128::from(tsc.saturating_sub(self.tsc));
        let places = u32::from(self.shift.unsigned_abs());
        let shifted = if self.shift < 0 {
            ticks.checked_shr(places).unwrap_or(0)
        } else {
            // 64 bits and a shift of at most 63 fit.
            ticks << places.min(63)
        };
        let wide = (shifted & u128::from(u64::MAX)) * u128::from(self.multiplier);
        let elapsed = u64::try_from(wide >> 32).unwrap_or(u64::MAX);
        self.system_ns.saturating_add(elapsed)
    }
}

/// The wall clock's time, from what it was at system time 0 and the system time now.
pub(super) fn wall_ns(seconds: u64, nanoseconds: u32, system_ns: u64) -> u128 {
    u128::from(seconds) * 1_000_000_000 + u128::from(nanoseconds) + u128::from(system_ns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_become_nanoseconds() {
        // 1 GHz: one tick is one nanosecond.
        let giga = |shift, multiplier| Scale {
            tsc: 1000,
            system_ns: 50,
            multiplier,
            shift,
        };
        for (scale, tsc, expected) in [
            (giga(1, 1 << 31), 1000, 50),
            (giga(1, 1 << 31), 2000, 1050),
            (giga(1, 1 << 31), 500, 50),
            (giga(-1, 1 << 31), 5000, 50 + 1000),
            (giga(0, u32::MAX), 1000 + (1 << 32), 50 + (1 << 32) - 1),
        ] {
            assert_eq!(scale.system_ns(tsc), expected, "{scale:?} at {tsc}");
        }
    }

    #[test]
    fn the_wall_clock_adds_the_time_since_boot() {
        for (seconds, nanoseconds, system, expected) in [
            (0, 0, 0, 0),
            (1, 5, 7, 1_000_000_012),
            (
                1 << 33,
                999_999_999,
                1,
                (1_u128 << 33) * 1_000_000_000 + 1_000_000_000,
            ),
        ] {
            assert_eq!(wall_ns(seconds, nanoseconds, system), expected);
        }
    }

    proptest! {
        #[test]
        fn any_scale_gives_a_time_that_never_goes_back(
            tsc: u64, system_ns: u64, multiplier: u32, shift in -32_i8..=0, first: u64, later: u64,
        ) {
            let scale = Scale { tsc, system_ns, multiplier, shift };
            let (first, later) = (first.min(later), first.max(later));
            prop_assert!(scale.system_ns(first) <= scale.system_ns(later));
            prop_assert!(scale.system_ns(first) >= system_ns);
        }

        #[test]
        fn nothing_the_hypervisor_says_is_a_panic(
            tsc: u64, system_ns: u64, multiplier: u32, shift: i8, now: u64,
        ) {
            let _ = Scale { tsc, system_ns, multiplier, shift }.system_ns(now);
        }
    }
}
