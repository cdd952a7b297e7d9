//! Ethernet addresses.

use core::fmt;
use core::str::FromStr;

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacAddress(pub [u8; 6]);

/// A text is no Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAddress;

impl MacAddress {
    /// Whether it names a group, not one interface.
    #[must_use]
    pub fn is_multicast(&self) -> bool {
        self.0.first().is_some_and(|byte| byte & 1 != 0)
    }
}

impl FromStr for MacAddress {
    type Err = NoAddress;

    /// Six bytes in hexadecimal, separated by colons.
    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let mut parts = text.split(':');
        let mut address = [0; 6];
        for byte in &mut address {
            let part = parts.next().ok_or(NoAddress)?;
            if part.is_empty() || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(NoAddress);
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| NoAddress)?;
        }
        match parts.next() {
            None => Ok(Self(address)),
            Some(_) => Err(NoAddress),
        }
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn addresses_are_written_as_they_are_read() {
        let text = "00:16:3e:0a:ff:01";
        let address: MacAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
        assert!(!address.is_multicast());
        for text in [
            "",
            "00:16:3e:0a:ff",
            "00:16:3e:0a:ff:01:02",
            "00:16:3e:0a:ff:100",
            "0:0:0:0:0:+1",
        ] {
            assert_eq!(text.parse::<MacAddress>(), Err(NoAddress), "{text}");
        }
    }
}
