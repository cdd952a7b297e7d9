//! Virtual network cards.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::value::{Located, Value};

/// A card's hardware address, written `00:16:3e:01:02:03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Reads an address.
    ///
    /// # Errors
    /// One line that says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no hardware address: write 00:16:3e:01:02:03");
        let mut bytes = [0; 6];
        let mut parts = text.trim().split([':', '-']);
        for byte in &mut bytes {
            let part = parts
                .next()
                .filter(|part| part.len() == 2)
                .ok_or_else(bad)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| bad())?;
        }
        if parts.next().is_some() {
            return Err(bad());
        }
        if bytes[0] & 1 != 0 {
            return Err(format!(
                "{text:?} is an address of a group: its first byte must be even"
            ));
        }
        if bytes == [0; 6] {
            return Err(format!("{text:?} is no card's address"));
        }
        Ok(Self(bytes))
    }

    /// An address under Xen's prefix 00:16:3e that is the same for the same guest and card, so that
    /// a guest that is created again gets its lease again.
    #[must_use]
    pub fn derived(guest: &str, index: usize) -> Self {
        // FNV-1a, 64 bits: short, and the same for ever.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in guest.bytes().chain([0]).chain(index.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
        // The upper half of the prefix's range is free for local use.
        Self([0x00, 0x16, 0x3e, (a ^ d ^ g) & 0x7f, b ^ e ^ h, c ^ f])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

impl TryFrom<String> for Mac {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// A virtual network card. All its keys may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Net {
    /// Its hardware address; derived from the guest's name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// The bridge in dom0 that it is on; the default network if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// The address that the guest is given by DHCP; any free one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<Ipv4Addr>,
    /// The name of its other end in dom0; `vifDOMAIN.INDEX` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

/// The longest name of an interface that Linux takes, in bytes.
const INTERFACE_NAME_LIMIT: usize = 15;

impl Net {
    /// Reads a table of a TOML file: `mac`, `bridge`, `ip`, `interface`.
    pub(crate) fn from_table(entries: &[(String, Located)]) -> Result<Self, Problem> {
        let mut net = Self::default();
        for (key, value) in entries {
            let text = value.as_text()?;
            let done = match key.as_str() {
                "mac" | "bridge" | "ip" | "interface" => net.set(key, &text),
                _ => Err(format!(
                    "a network card has no key {key:?}: use mac, bridge, ip, interface"
                )),
            };
            done.map_err(|message| value.problem(message))?;
        }
        Ok(net)
    }

    /// Reads a table, or a text as xl has it; the strings are what to warn of.
    pub(crate) fn from_value(value: &Located) -> Result<(Self, Vec<String>), Problem> {
        match &value.value {
            Value::Table(entries) => Ok((Self::from_table(entries)?, Vec::new())),
            _ => {
                let text = value.as_text()?;
                Self::parse(&text).map_err(|message| value.problem(message))
            }
        }
    }

    /// Reads xl's `mac=...,bridge=...,ip=...`; the strings are what to warn of.
    ///
    /// # Errors
    /// One line that says what would be right.
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), String> {
        let mut net = Self::default();
        let mut warnings = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("{part:?} of a network card is no key=value"))?;
            match (key.trim(), value.trim()) {
                ("vifname", value) => net.set("interface", value)?,
                ("backend", "0" | "dom0" | "Domain-0") => {}
                ("backend", _) => {
                    return Err("a network card's back end can be dom0 alone".to_owned());
                }
                (key @ ("mac" | "bridge" | "ip"), value) => net.set(key, value)?,
                (
                    key @ ("type" | "model" | "script" | "rate" | "devid" | "gatewaydev" | "netdev"
                    | "accel" | "mtu" | "trusted"),
                    _,
                ) => warnings.push(format!("a network card's {key} has no effect here")),
                (key, _) => return Err(format!("a network card has no key {key:?}")),
            }
        }
        Ok((net, warnings))
    }

    /// Its address, or the one that is derived for card `index` of the guest.
    #[must_use]
    pub fn mac_for(&self, guest: &str, index: usize) -> Mac {
        self.mac.unwrap_or_else(|| Mac::derived(guest, index))
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "mac" => self.mac = Some(Mac::parse(value)?),
            "bridge" => self.bridge = Some(interface_name(value)?),
            "ip" => {
                // xl hands its scripts lists and prefix lengths; the first address is the guest's.
                let first = value.split([' ', '/']).next().unwrap_or_default();
                let address = first.parse();
                self.ip = Some(address.map_err(|_| format!("{value:?} is no IPv4 address"))?);
            }
            _ => self.interface = Some(interface_name(value)?),
        }
        Ok(())
    }
}

fn interface_name(name: &str) -> Result<String, String> {
    let is_good = |c: char| c.is_ascii_graphic() && c != '/' && c != ':';
    let fits = (1..=INTERFACE_NAME_LIMIT).contains(&name.len());
    match fits && name.chars().all(is_good) && name != "." && name != ".." {
        true => Ok(name.to_owned()),
        false => Err(format!(
            "{name:?} is no name of a network interface: use at most 15 letters and digits"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_keys_are_read() {
        for (text, expected) in [
            ("", Some((None, None, None))),
            ("bridge=xenbr0", Some((None, Some("xenbr0"), None))),
            (
                "mac=00:16:3E:00:00:01, bridge=br0, ip=10.0.0.2",
                Some((Some("00:16:3e:00:00:01"), Some("br0"), Some("10.0.0.2"))),
            ),
            ("script=vif-bridge,model=e1000", Some((None, None, None))),
            ("ip=10.0.0.2/24", Some((None, None, Some("10.0.0.2")))),
            ("mac=01:16:3e:00:00:01", None),
            ("mac=00:16:3e:00:00", None),
            ("mac=00:16:3e:00:00:001", None),
            ("mac=00:00:00:00:00:00", None),
            ("bridge=a/b", None),
            ("bridge=averyveryverylongname", None),
            ("ip=300.0.0.1", None),
            ("backend=3", None),
            ("colour=red", None),
            ("bridge", None),
        ] {
            let found = Net::parse(text).ok().map(|(net, _)| net);
            let found = found.map(|net| {
                (
                    net.mac.map(|mac| mac.to_string()),
                    net.bridge,
                    net.ip.map(|ip| ip.to_string()),
                )
            });
            let expected = expected.map(|(mac, bridge, ip)| {
                (
                    mac.map(str::to_owned),
                    bridge.map(str::to_owned),
                    ip.map(str::to_owned),
                )
            });
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn derived_addresses_stay_and_differ() {
        assert_eq!(Mac::derived("a", 0), Mac::derived("a", 0));
        assert_ne!(Mac::derived("a", 0), Mac::derived("a", 1));
        assert_ne!(Mac::derived("a", 0), Mac::derived("b", 0));
        assert_eq!(
            Mac::parse(&Mac::derived("a", 0).to_string()),
            Ok(Mac::derived("a", 0))
        );
    }
}
