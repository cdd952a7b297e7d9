//! The CMOS clock's registers, decoded.

/// The registers of an MC146818-compatible clock, read while no update was in progress: the
/// reader looks at bit 7 of register 0x0a before and after, and compares two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcRegisters {
    /// Register 0x00.
    pub second: u8,
    /// Register 0x02.
    pub minute: u8,
    /// Register 0x04.
    pub hour: u8,
    /// Register 0x07.
    pub day: u8,
    /// Register 0x08.
    pub month: u8,
    /// Register 0x09: the year in its century.
    pub year: u8,
    /// The register that the FADT names as the century's, if it does.
    pub century: Option<u8>,
    /// Register 0x0b: the format of the others.
    pub status_b: u8,
}

/// The registers hold no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcError;

const HOURS_24: u8 = 1 << 1;
const BINARY: u8 = 1 << 2;
const PM: u8 = 1 << 7;

impl RtcRegisters {
    /// The Unix time in seconds, with the clock taken as UTC. Years run from 1970 to 2069
    /// where there is no century register, or one without a sensible century in it.
    ///
    /// # Errors
    /// [`RtcError`] where a field is out of range: no clock, or an empty battery.
    pub fn unix_seconds(&self) -> Result<u64, RtcError> {
        let second = self.field(self.second, 0..=59)?;
        let minute = self.field(self.minute, 0..=59)?;
        let hour = self.hour()?;
        let month = self.field(self.month, 1..=12)?;
        let year = self.year()?;
        let day = self.field(self.day, 1..=days_in(month, year))?;
        let hours = days_since_epoch(year, month, day) * 24 + u64::from(hour);
        Ok((hours * 60 + u64::from(minute)) * 60 + u64::from(second))
    }

    fn hour(&self) -> Result<u8, RtcError> {
        if self.status_b & HOURS_24 != 0 {
            return self.field(self.hour, 0..=23);
        }
        let hour = self.field(self.hour & !PM, 1..=12)? % 12;
        Ok(if self.hour & PM != 0 { hour + 12 } else { hour })
    }

    fn year(&self) -> Result<u64, RtcError> {
        let year = u64::from(self.field(self.year, 0..=99)?);
        let century = self.century.and_then(|raw| self.field(raw, 19..=99).ok());
        let year = match century {
            Some(century) => u64::from(century) * 100 + year,
            None if year < 70 => 2000 + year,
            None => 1900 + year,
        };
        if year < 1970 { Err(RtcError) } else { Ok(year) }
    }

    /// A register's number, from BCD where the clock says so.
    fn field(&self, raw: u8, range: core::ops::RangeInclusive<u8>) -> Result<u8, RtcError> {
        let value = match self.status_b & BINARY {
            0 if raw & 0xf > 9 || raw >> 4 > 9 => return Err(RtcError),
            0 => (raw >> 4) * 10 + (raw & 0xf),
            _ => raw,
        };
        range.contains(&value).then_some(value).ok_or(RtcError)
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(month: u8, year: u64) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `year` is 1970 or later.
fn days_since_epoch(year: u64, month: u8, day: u8) -> u64 {
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let before_year = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let before_month: u64 = (1..month)
        .map(|month| u64::from(days_in(month, year)))
        .sum();
    before_year + before_month + u64::from(day) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCD_24: u8 = HOURS_24;
    const BINARY_24: u8 = HOURS_24 | BINARY;

    fn date(fields: [u8; 6], century: Option<u8>, status_b: u8) -> Result<u64, RtcError> {
        let [year, month, day, hour, minute, second] = fields;
        RtcRegisters {
            second,
            minute,
            hour,
            day,
            month,
            year,
            century,
            status_b,
        }
        .unix_seconds()
    }

    #[test]
    fn dates() {
        for (fields, century, status_b, expected) in [
            ([0x70, 1, 1, 0, 0, 0], Some(0x19), BCD_24, 0),
            ([0x70, 1, 1, 0, 0, 0], None, BCD_24, 0),
            (
                [0x24, 0x02, 0x29, 0x23, 0x59, 0x59],
                Some(0x20),
                BCD_24,
                1_709_251_199,
            ),
            ([24, 2, 29, 23, 59, 59], Some(20), BINARY_24, 1_709_251_199),
            // 12-hour clocks: 12 is midnight or noon.
            ([0x24, 0x02, 0x29, 0x12, 0, 0], None, 0, 1_709_164_800),
            ([0x24, 0x02, 0x29, 0x12 | PM, 0, 0], None, 0, 1_709_208_000),
            ([24, 2, 29, 11 | PM, 59, 59], None, BINARY, 1_709_251_199),
            ([0, 1, 1, 0, 0, 0], Some(21), BINARY_24, 4_102_444_800),
            // A century register that holds something else.
            ([0x26, 0x11, 0x20, 0, 0, 0], Some(0), BCD_24, 1_795_132_800),
        ] {
            assert_eq!(date(fields, century, status_b), Ok(expected), "{fields:x?}");
        }
    }

    #[test]
    fn no_date() {
        for (fields, status_b) in [
            ([0x24, 0x13, 0x01, 0, 0, 0], BCD_24),
            ([0x24, 0x00, 0x01, 0, 0, 0], BCD_24),
            ([0x23, 0x02, 0x29, 0, 0, 0], BCD_24),
            ([0x24, 0x01, 0x00, 0, 0, 0], BCD_24),
            ([0x24, 0x01, 0x1a, 0, 0, 0], BCD_24),
            ([0x24, 0x01, 0x01, 0x24, 0, 0], BCD_24),
            ([0x24, 0x01, 0x01, 0x13, 0, 0], 0),
            ([0x24, 0x01, 0x01, 0, 0, 0], 0),
            ([0xff; 6], BCD_24),
            ([0xff; 6], BINARY_24),
        ] {
            assert_eq!(date(fields, None, status_b), Err(RtcError), "{fields:x?}");
        }
    }

    #[test]
    fn each_day_follows_the_last() {
        let mut expected = 0;
        for year in 1970..2200u64 {
            for month in 1..=12 {
                for day in 1..=days_in(month, year) {
                    assert_eq!(days_since_epoch(year, month, day), expected);
                    expected += 1;
                }
            }
        }
    }
}
