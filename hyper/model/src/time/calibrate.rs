//! A counter's frequency, measured against another.

/// A reference counter whose frequency is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Ticks in a second times `1 << 16`: the PIT's is not whole.
    hz_16: u64,
    /// Width in bits, 1..=64.
    bits: u32,
    /// Whether it counts down.
    down: bool,
}

impl Counter {
    /// The 8254 timer: 105/88 MHz, 16 bits, counting down.
    pub const PIT: Self = Self {
        hz_16: ((105_000_000u64 << 16) + 44) / 88,
        bits: 16,
        down: true,
    };
    /// The ACPI timer of 24 bits (ACPI 4.8.2.1): three times the PIT's frequency.
    pub const ACPI_PM_24: Self = Self {
        hz_16: ((315_000_000u64 << 16) + 44) / 88,
        bits: 24,
        down: false,
    };
    /// The ACPI timer of 32 bits.
    pub const ACPI_PM_32: Self = Self {
        bits: 32,
        ..Self::ACPI_PM_24
    };

    /// An HPET by the period that its capabilities register tells, in femtoseconds: 1 to
    /// 100 000 000 (HPET 1.0a, 2.3.4), `None` elsewhere. `bits` is 32 or 64.
    #[must_use]
    pub fn hpet(period_fs: u32, bits: u32) -> Option<Self> {
        if !(1..=100_000_000).contains(&period_fs) || !(1..=64).contains(&bits) {
            return None;
        }
        let hz_16 = (1_000_000_000_000_000u128 << 16) / u128::from(period_fs);
        Some(Self {
            hz_16: u64::try_from(hz_16).ok()?,
            bits,
            down: false,
        })
    }

    /// Ticks from one value to a later one, less than a whole turn apart.
    #[must_use]
    pub fn elapsed(&self, from: u64, to: u64) -> u64 {
        let ticks = if self.down {
            from.wrapping_sub(to)
        } else {
            to.wrapping_sub(from)
        };
        ticks & u64::MAX.checked_shr(64 - self.bits).unwrap_or(0)
    }
}

/// One look at both counters: the reference's value between two of the measured one.
///
/// The two tell how long the look took. Take several, and keep the shortest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The measured counter before.
    pub before: u64,
    /// The reference.
    pub reference: u64,
    /// The measured counter after.
    pub after: u64,
}

impl Reading {
    /// How long the look took, in ticks of the measured counter.
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.after.wrapping_sub(self.before)
    }

    /// The shortest of several.
    pub fn shortest(readings: impl IntoIterator<Item = Self>) -> Option<Self> {
        readings.into_iter().min_by_key(Self::width)
    }

    fn middle(&self) -> u64 {
        self.before.wrapping_add(self.width() / 2)
    }

    /// The measured counter's frequency in Hz, from this look to a later one. `None` where the
    /// reference stood still or the measured counter ran backwards.
    #[must_use]
    pub fn frequency_hz(&self, later: &Self, reference: Counter) -> Option<u64> {
        let reference_ticks = u128::from(reference.elapsed(self.reference, later.reference));
        let ticks = u128::from(later.middle().checked_sub(self.middle())?);
        let scaled = ticks.checked_mul(u128::from(reference.hz_16))? >> 16;
        scaled
            .checked_div(reference_ticks)
            .and_then(|hz| u64::try_from(hz).ok())
            .filter(|hz| *hz != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(before: u64, reference: u64, after: u64) -> Reading {
        Reading {
            before,
            reference,
            after,
        }
    }

    #[test]
    fn frequencies_against_each_reference() {
        let hpet = Counter::hpet(10_000_000, 64).expect("100 MHz");
        for (counter, from, to, hz) in [
            (Counter::PIT, 0xffff, 0xffff - 11_932, 1_000_000_000u64),
            // Through zero.
            (Counter::PIT, 100, 0x1_0064 - 11_932, 1_000_000_000),
            (Counter::ACPI_PM_24, 0xff_ff00, 0x8ad3, 1_000_000_000),
            (Counter::ACPI_PM_32, 5, 5 + 35_795, 1_000_000_000),
            (hpet, 0, 1_000_000, 1_000_000_000),
        ] {
            let later = reading(1_000 + 10_000_000, to, 1_010 + 10_000_000);
            let measured = reading(1_000, from, 1_010).frequency_hz(&later, counter);
            assert!(
                measured.is_some_and(|measured| measured.abs_diff(hz) < 100_000),
                "{measured:?}"
            );
        }
    }

    #[test]
    fn counters_wrap_by_their_width() {
        assert_eq!(Counter::ACPI_PM_24.elapsed(0xff_fff0, 0x10), 0x20);
        assert_eq!(Counter::ACPI_PM_32.elapsed(0xffff_fff0, 0x10), 0x20);
        assert_eq!(Counter::PIT.elapsed(0x10, 0xfff0), 0x20);
    }

    #[test]
    fn a_broken_reference_gives_nothing() {
        let first = reading(10, 500, 20);
        assert_eq!(
            first.frequency_hz(&reading(100, 500, 110), Counter::ACPI_PM_32),
            None
        );
        assert_eq!(
            first.frequency_hz(&reading(0, 600, 5), Counter::ACPI_PM_32),
            None
        );
        assert_eq!(
            first.frequency_hz(&reading(10, 600, 20), Counter::ACPI_PM_32),
            None
        );
        assert_eq!(Counter::hpet(0, 64), None);
        assert_eq!(Counter::hpet(100_000_001, 64), None);
    }

    #[test]
    fn the_shortest_look_counts() {
        let readings = [reading(0, 1, 9), reading(10, 2, 12), reading(20, 3, 24)];
        assert_eq!(Reading::shortest(readings), Some(readings[1]));
    }
}
