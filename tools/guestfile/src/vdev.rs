//! Names of virtual disks, and their numbers in the store.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Disks that the classic numbers of `xvd` and `sd` reach.
const CLASSIC_DISKS: u32 = 16;
/// Partitions that they reach.
const CLASSIC_PARTITIONS: u32 = 16;
/// Marks the extended numbers, of 20 bits for the disk and 8 for the partition.
const EXTENDED: u32 = 1 << 28;
/// The disks that the extended numbers reach.
const EXTENDED_DISKS: u32 = 1 << 20;

/// A virtual disk's name in the guest, `xvda` or `xvda1`, and its number (Xen's
/// `docs/misc/vbd-interface`): the directory `device/vbd/NUMBER` of the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct VirtualDevice {
    name: String,
    number: u32,
}

impl VirtualDevice {
    /// Reads `xvda`, `xvda1`, `sda`, `hda`, `d0` or `d0p1`.
    ///
    /// # Errors
    /// One line that says what would be right.
    pub fn parse(name: &str) -> Result<Self, String> {
        let bad = || format!("{name:?} is no virtual disk: use xvda to xvdz, xvda1, sda or hda");
        let name = name.trim().strip_prefix("/dev/").unwrap_or(name.trim());
        let (disk, partition, kind) = split(name).ok_or_else(bad)?;
        let number = match kind {
            Kind::Ide => {
                // Two to a controller, 63 partitions to each: Linux's numbers of /dev/hda to hdd.
                let (major, unit) = match disk {
                    0 | 1 => (3, disk),
                    2 | 3 => (22, disk - 2),
                    _ => return Err(bad()),
                };
                if partition > 63 {
                    return Err(bad());
                }
                major << 8 | unit << 6 | partition
            }
            Kind::Scsi if disk < CLASSIC_DISKS && partition < CLASSIC_PARTITIONS => {
                8 << 8 | disk << 4 | partition
            }
            Kind::Scsi => return Err(bad()),
            Kind::Xen if disk < CLASSIC_DISKS && partition < CLASSIC_PARTITIONS => {
                202 << 8 | disk << 4 | partition
            }
            Kind::Xen if disk < EXTENDED_DISKS && partition < 256 => {
                EXTENDED | disk << 8 | partition
            }
            Kind::Xen => return Err(bad()),
        };
        Ok(Self {
            name: name.to_owned(),
            number,
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number, as the store has it.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl fmt::Display for VirtualDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<VirtualDevice> for String {
    fn from(device: VirtualDevice) -> Self {
        device.name
    }
}

impl TryFrom<String> for VirtualDevice {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name)
    }
}

/// Whose numbers a name takes.
enum Kind {
    Xen,
    Scsi,
    Ide,
}

/// The disk's and the partition's number; partition 0 is the whole disk.
fn split(name: &str) -> Option<(u32, u32, Kind)> {
    for (prefix, kind) in [("xvd", Kind::Xen), ("sd", Kind::Scsi), ("hd", Kind::Ide)] {
        if let Some(rest) = name.strip_prefix(prefix) {
            let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
            let partition = partition(rest.get(letters.len()..)?)?;
            return Some((letters_number(letters)?, partition, kind));
        }
    }
    let rest = name.strip_prefix('d')?;
    let (disk, partition_digits) = rest.split_once('p').unwrap_or((rest, ""));
    Some((disk.parse().ok()?, partition(partition_digits)?, Kind::Xen))
}

fn partition(digits: &str) -> Option<u32> {
    match digits {
        "" => Some(0),
        _ => digits.parse().ok().filter(|partition| *partition > 0),
    }
}

/// a is 0, z is 25, aa is 26.
fn letters_number(letters: &str) -> Option<u32> {
    let mut number = 0_u32;
    for letter in letters.bytes() {
        if !letter.is_ascii_lowercase() {
            return None;
        }
        let digit = u32::from(letter - b'a') + 1;
        number = number.checked_mul(26)?.checked_add(digit)?;
    }
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_numbers_of_the_interface() {
        for (name, number) in [
            ("xvda", Some(51712)),
            ("/dev/xvda", Some(51712)),
            ("xvda1", Some(51713)),
            ("xvdb", Some(51728)),
            ("xvdp15", Some(51967)),
            ("xvdq", Some(268_439_552)),
            ("xvda16", Some(268_435_472)),
            ("d0", Some(51712)),
            ("d1p3", Some(51731)),
            ("sda", Some(2048)),
            ("sda1", Some(2049)),
            ("hda", Some(768)),
            ("hdb", Some(832)),
            ("hdc", Some(5632)),
            ("hde", None),
            ("sdq", None),
            ("xvd", None),
            ("xvdA", None),
            ("xvda0", None),
            ("vda", None),
            ("", None),
            ("xvdzzzzzzzzzzzz", None),
        ] {
            let found = VirtualDevice::parse(name)
                .ok()
                .map(|device| device.number());
            assert_eq!(found, number, "{name:?}");
        }
    }
}
