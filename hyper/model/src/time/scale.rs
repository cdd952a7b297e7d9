//! Ticks to nanoseconds and back.

/// Nanoseconds in a second.
const NS_PER_S: u128 = 1_000_000_000;

/// A counter's frequency as `tsc_to_system_mul` and `tsc_shift` of `vcpu_time_info`
/// (`public/xen.h`): nanoseconds are `((ticks << shift) * multiplier) >> 32`, where a negative
/// shift is one to the right.
///
/// The multiplier has its top bit set, so the frequency that the pair stands for is right to
/// 2^-32 of itself: 0.02 ms a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    multiplier: u32,
    shift: i8,
}

impl Scale {
    /// For a counter of `hz` ticks a second; `None` for 0.
    #[must_use]
    pub fn from_hz(hz: u64) -> Option<Self> {
        // The largest multiplier below 2^32 belongs to one shift only: look it up from below.
        (-34i8..=31).find_map(|shift| {
            let scaled = NS_PER_S << (32i16 - i16::from(shift)).unsigned_abs();
            let multiplier = (scaled + u128::from(hz) / 2).checked_div(u128::from(hz))?;
            Some(Self {
                multiplier: u32::try_from(multiplier).ok()?,
                shift,
            })
        })
    }

    /// For a counter of `khz` thousand ticks a second; `None` for 0.
    #[must_use]
    pub fn from_khz(khz: u32) -> Option<Self> {
        Self::from_hz(u64::from(khz) * 1000)
    }

    /// `tsc_to_system_mul`.
    #[must_use]
    pub const fn multiplier(self) -> u32 {
        self.multiplier
    }

    /// `tsc_shift`.
    #[must_use]
    pub const fn shift(self) -> i8 {
        self.shift
    }

    /// The nanoseconds that `ticks` take, rounded down; `u64::MAX` where they are more.
    #[must_use]
    pub fn nanoseconds(self, ticks: u64) -> u64 {
        let distance = u32::from(self.shift.unsigned_abs());
        let shifted = if self.shift < 0 {
            u128::from(ticks >> distance)
        } else {
            u128::from(ticks) << distance
        };
        // At most 64 + 31 + 32 bits.
        u64::try_from((shifted * u128::from(self.multiplier)) >> 32).unwrap_or(u64::MAX)
    }

    /// The fewest ticks that take at least `ns` nanoseconds; `u64::MAX` where they are more.
    #[must_use]
    pub fn ticks(self, ns: u64) -> u64 {
        let multiplier = u64::from(self.multiplier.max(1));
        // ceil((ns << 32) / multiplier) in two steps of 64 bits: no 128-bit division.
        let low = ((ns % multiplier) << 32).div_ceil(multiplier);
        let shifted = (u128::from(ns / multiplier) << 32) + u128::from(low);
        let distance = u32::from(self.shift.unsigned_abs());
        let ticks = if self.shift < 0 {
            shifted << distance
        } else {
            (shifted + (1 << distance) - 1) >> distance
        };
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Scale;

    fn check(hz: u64, multiplier: u32, shift: i8) {
        let scale = Scale::from_hz(hz).expect("a frequency");
        assert_eq!(
            (scale.multiplier(), scale.shift()),
            (multiplier, shift),
            "{hz} Hz"
        );
    }

    #[test]
    fn known_frequencies() {
        check(1_000_000_000, 0x8000_0000, 1);
        check(2_000_000_000, 0x8000_0000, 0);
        check(500_000_000, 0x8000_0000, 2);
        check(2_600_000_000, 3_303_820_997, -1);
    }

    #[test]
    fn no_frequency_no_scale() {
        assert_eq!(Scale::from_hz(0), None);
        assert_eq!(Scale::from_khz(0), None);
    }

    #[test]
    fn every_frequency_has_a_scale() {
        for bit in 0..64 {
            assert!(Scale::from_hz(1 << bit).is_some_and(|scale| scale.multiplier() >> 31 == 1));
        }
        assert!(Scale::from_hz(u64::MAX).is_some());
    }

    proptest! {
        #[test]
        fn time_never_runs_backwards(hz in 1_000_000u64..10_000_000_000, a: u64, b: u64) {
            let scale = Scale::from_hz(hz).expect("a frequency");
            prop_assert!(scale.nanoseconds(a.min(b)) <= scale.nanoseconds(a.max(b)));
        }

        #[test]
        fn the_error_is_bounded(hz in 1_000_000u64..10_000_000_000, ticks in 0..1u64 << 62) {
            let scale = Scale::from_hz(hz).expect("a frequency");
            let exact = (u128::from(ticks) * 1_000_000_000 / u128::from(hz)).min(u64::MAX.into());
            let error = u128::from(scale.nanoseconds(ticks)).abs_diff(exact);
            // 2^-32 of it for the multiplier; one ns and the ticks shifted out for rounding.
            prop_assert!(error <= (exact >> 32) + 2 + 4 * 1_000_000_000 / u128::from(hz));
        }

        #[test]
        fn ticks_are_the_fewest_that_reach(hz in 1_000u64..10_000_000_000, ns: u64) {
            let scale = Scale::from_hz(hz).expect("a frequency");
            let ticks = scale.ticks(ns);
            prop_assert!(scale.nanoseconds(ticks) >= ns || ticks == u64::MAX);
            prop_assert!(ticks == 0 || scale.nanoseconds(ticks - 1) < ns);
        }

        #[test]
        fn guests_compute_the_same(hz in 100_000_000u64..10_000_000_000, ticks in 0..1u64 << 48) {
            let scale = Scale::from_hz(hz).expect("a frequency");
            let shifted = match scale.shift() {
                right if right < 0 => ticks >> -right,
                left => ticks << left,
            };
            let guest = (u128::from(shifted) * u128::from(scale.multiplier())) >> 32;
            prop_assert_eq!(u128::from(scale.nanoseconds(ticks)), guest);
        }
    }
}
