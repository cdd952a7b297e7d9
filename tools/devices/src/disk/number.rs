//! Numbers of dom0's block devices.

use std::fmt;

/// A block device's number in dom0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber {
    /// The driver's.
    pub major: u32,
    /// The device's with the driver.
    pub minor: u32,
}

impl DeviceNumber {
    /// Takes a number as `stat` has it apart.
    pub(super) fn of(raw: u64) -> Self {
        Self {
            major: rustix::fs::major(raw),
            minor: rustix::fs::minor(raw),
        }
    }

    /// Reads what the node `physical-device` holds: two hexadecimal numbers.
    #[must_use]
    pub fn parse_node(text: &str) -> Option<Self> {
        Self::parse(text, 16)
    }

    /// Reads what `/proc` and `/sys` hold: two decimal numbers.
    #[must_use]
    pub fn parse_decimal(text: &str) -> Option<Self> {
        Self::parse(text, 10)
    }

    /// As the node `physical-device` has it.
    #[must_use]
    pub fn to_node(self) -> String {
        format!("{:x}:{:x}", self.major, self.minor)
    }

    fn parse(text: &str, radix: u32) -> Option<Self> {
        let (major, minor) = text.trim().split_once(':')?;
        Some(Self {
            major: u32::from_str_radix(major, radix).ok()?,
            minor: u32::from_str_radix(minor, radix).ok()?,
        })
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_has_hexadecimal_numbers() {
        let number = DeviceNumber {
            major: 202,
            minor: 16,
        };
        assert_eq!(number.to_node(), "ca:10");
        for (text, expected) in [
            ("ca:10", Some(number)),
            ("ca", None),
            ("x:1", None),
            ("", None),
        ] {
            assert_eq!(DeviceNumber::parse_node(text), expected, "{text}");
        }
        assert_eq!(DeviceNumber::parse_decimal("202:16\n"), Some(number));
    }
}
