//! Virtual disks, and both of xl's ways to write them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::value::{Located, Value};
use crate::vdev::VirtualDevice;

/// What a guest may do with a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Reads alone.
    ReadOnly,
    /// Reads and writes; nobody else may have the disk.
    ReadWrite,
}

impl Access {
    /// As the store's key `mode` has it: `r` or `w`.
    #[must_use]
    pub fn mode(self) -> &'static str {
        match self {
            Self::ReadOnly => "r",
            Self::ReadWrite => "w",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "r" | "ro" | "read-only" => Ok(Self::ReadOnly),
            "w" | "rw" | "read-write" => Ok(Self::ReadWrite),
            _ => Err(format!("{text:?} is no access: use ro or rw")),
        }
    }
}

/// A virtual disk: a file or a block device of dom0, under a name of the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Disk {
    /// The file or the block device in dom0.
    pub path: PathBuf,
    /// The guest's name of it.
    pub device: VirtualDevice,
    /// What the guest may do with it.
    pub access: Access,
}

impl Disk {
    /// Reads a table of a TOML file: `path`, `device`, `access`.
    pub(crate) fn from_table(
        table: &Located,
        entries: &[(String, Located)],
    ) -> Result<Self, Problem> {
        let mut draft = Draft::default();
        for (key, value) in entries {
            let text = value.as_text()?;
            let done = match key.as_str() {
                "path" => draft.path(&text),
                "device" => draft.device(&text),
                "access" => draft.access(&text),
                _ => Err(format!(
                    "a disk has no key {key:?}: use path, device, access"
                )),
            };
            done.map_err(|message| value.problem(message))?;
        }
        draft.finish().map_err(|message| table.problem(message))
    }

    /// Reads a table, or a text as xl has it; the strings are what to warn of.
    pub(crate) fn from_value(value: &Located) -> Result<(Self, Vec<String>), Problem> {
        match &value.value {
            Value::Table(entries) => Ok((Self::from_table(value, entries)?, Vec::new())),
            _ => {
                let text = value.as_text()?;
                Self::parse(&text).map_err(|message| value.problem(message))
            }
        }
    }

    /// Reads xl's old syntax (`phy:/dev/x,xvda,w`) or its new one (`/dev/x,raw,xvda,rw`, also by
    /// `key=value`); the strings are what to warn of.
    ///
    /// # Errors
    /// One line that says what would be right.
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), String> {
        let mut draft = Draft::default();
        let mut position = 0;
        let mut rest = text;
        loop {
            let trimmed = rest.trim_start();
            // The path comes last under this name, and may hold commas.
            if let Some(target) = trimmed.strip_prefix("target=") {
                draft.target(target.trim_end())?;
                break;
            }
            let (part, next) = match trimmed.split_once(',') {
                Some((part, next)) => (part, Some(next)),
                None => (trimmed, None),
            };
            let part = part.trim();
            match part.split_once('=') {
                // Positions are counted over what has no key.
                Some((key, value)) if !part.contains('/') || key == "script" => {
                    draft.key(key.trim(), value.trim())?;
                }
                _ if draft.word(part) => {}
                _ => {
                    draft.position(position, part)?;
                    position += 1;
                }
            }
            match next {
                Some(next) => rest = next,
                None => break,
            }
        }
        let warnings = std::mem::take(&mut draft.warnings);
        Ok((draft.finish()?, warnings))
    }
}

/// A disk in the making.
#[derive(Default)]
struct Draft {
    path: Option<PathBuf>,
    device: Option<VirtualDevice>,
    access: Option<Access>,
    /// The old syntax has no format: its second position is the device.
    is_old: bool,
    warnings: Vec<String>,
}

impl Draft {
    fn path(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err(
                "the disk's path is empty: a virtual drive without a disc is not \
                        there for PV guests"
                    .to_owned(),
            );
        }
        self.path = Some(text.into());
        Ok(())
    }

    /// A path with the prefixes of the old syntax.
    fn target(&mut self, text: &str) -> Result<(), String> {
        let mut text = text;
        for prefix in ["tap2:", "tap:", "aio:", "phy:", "file:", "raw:"] {
            if let Some(rest) = text.strip_prefix(prefix) {
                self.is_old |= prefix != "raw:";
                text = rest;
            }
        }
        for format in ["qcow2:", "qcow:", "vhd:", "vdi:", "qdisk:"] {
            if text.starts_with(format) {
                return Err(unsupported_format(format.trim_end_matches(':')));
            }
        }
        // xl and its predecessors take phy:sda for phy:/dev/sda.
        match self.is_old && !text.is_empty() && !text.starts_with('/') {
            true => self.path(&format!("/dev/{text}")),
            false => self.path(text),
        }
    }

    fn device(&mut self, text: &str) -> Result<(), String> {
        self.device = Some(VirtualDevice::parse(text)?);
        Ok(())
    }

    fn access(&mut self, text: &str) -> Result<(), String> {
        self.access = Some(Access::parse(text)?);
        Ok(())
    }

    fn format(text: &str) -> Result<(), String> {
        match text {
            "" | "raw" => Ok(()),
            other => Err(unsupported_format(other)),
        }
    }

    /// One without a key: target, then format, device and access; the old syntax has no format.
    fn position(&mut self, position: usize, text: &str) -> Result<(), String> {
        match (position, self.is_old) {
            (0, _) => self.target(text),
            (1, true) | (2, false) => {
                // `hdc:cdrom` of the old syntax.
                let (device, kind) = text.split_once(':').unwrap_or((text, ""));
                if !kind.is_empty() {
                    self.key("devtype", kind)?;
                }
                self.device(device)
            }
            (1, false) => Self::format(text),
            (2, true) | (3, false) if text.is_empty() => Ok(()),
            (2, true) | (3, false) => self.access(text),
            _ => Err(format!("{text:?} is one part too many of a disk")),
        }
    }

    /// A word that stands for a key; whether it is one.
    fn word(&mut self, text: &str) -> bool {
        let ignored = [
            "cdrom",
            "direct-io-safe",
            "discard",
            "no-discard",
            "colo",
            "no-colo",
        ];
        match text {
            "" => false,
            _ if ignored.contains(&text) => {
                if text == "cdrom" {
                    self.access = Some(Access::ReadOnly);
                }
                self.warnings
                    .push(format!("a disk's {text:?} has no effect here"));
                true
            }
            "ro" | "rw" | "r" | "w" if self.device.is_some() => self.access(text).is_ok(),
            _ => false,
        }
    }

    fn key(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "format" => Self::format(value),
            "vdev" => self.device(value),
            "access" => self.access(value),
            "devtype" => {
                if value == "cdrom" {
                    self.access = Some(Access::ReadOnly);
                }
                self.warnings
                    .push("a disk's devtype has no effect here".to_owned());
                Ok(())
            }
            "backend" if ["0", "dom0", "Domain-0"].contains(&value) => Ok(()),
            "backend" => Err("a disk's back end can be dom0 alone".to_owned()),
            "backendtype" if value == "phy" => Ok(()),
            "backendtype" | "script" | "discard-enable" => {
                let warning = format!(
                    "a disk's {key} has no effect here: files and devices are \
                                       served by Linux's xen-blkback"
                );
                self.warnings.push(warning);
                Ok(())
            }
            _ => Err(format!(
                "a disk has no key {key:?}: use format, vdev, access, target"
            )),
        }
    }

    fn finish(self) -> Result<Disk, String> {
        Ok(Disk {
            path: self.path.ok_or("the disk has no path")?,
            device: self
                .device
                .ok_or("the disk has no device: name one like xvda")?,
            access: self.access.unwrap_or(Access::ReadWrite),
        })
    }
}

fn unsupported_format(format: &str) -> String {
    format!("disk format {format:?} is not known: convert the image to raw")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_syntaxes_are_read() {
        for (text, expected) in [
            ("phy:/dev/x,xvda,w", Some(("/dev/x", "xvda", "w"))),
            ("phy:vg/x,xvda1,r", Some(("/dev/vg/x", "xvda1", "r"))),
            ("file:/a.img,hda,w", Some(("/a.img", "hda", "w"))),
            ("tap:aio:/a.img,xvda,w", Some(("/a.img", "xvda", "w"))),
            ("file:/a.iso,hdc:cdrom,r", Some(("/a.iso", "hdc", "r"))),
            ("/a.img,raw,xvda,rw", Some(("/a.img", "xvda", "w"))),
            ("/a.img,,xvda", Some(("/a.img", "xvda", "w"))),
            ("/a.img, raw, xvda, ro", Some(("/a.img", "xvda", "r"))),
            (
                "vdev=xvdb,format=raw,access=ro,target=/a,b",
                Some(("/a,b", "xvdb", "r")),
            ),
            ("/a,vdev=xvda", Some(("/a", "xvda", "w"))),
            ("/a,raw,xvda,cdrom", Some(("/a", "xvda", "r"))),
            (
                "/dev/x,raw,xvda,w,backendtype=phy",
                Some(("/dev/x", "xvda", "w")),
            ),
            ("/a,qcow2,xvda,w", None),
            ("qcow2:/a,xvda,w", None),
            ("/a,raw,nodisk,w", None),
            ("/a,raw,xvda,x", None),
            ("/a,raw,xvda,w,more", None),
            ("/a", None),
            (",raw,xvda", None),
            ("", None),
            ("vdev=xvda", None),
            ("colour=red,target=/a", None),
            ("backend=3,vdev=xvda,target=/a", None),
        ] {
            let found = Disk::parse(text).ok().map(|(disk, _)| disk);
            let found = found.as_ref().map(|disk| {
                let path = disk.path.to_str().unwrap_or_default();
                (path, disk.device.name(), disk.access.mode())
            });
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn what_has_no_effect_is_named() {
        let (_, warnings) = Disk::parse("/a,raw,hdc,devtype=cdrom,script=block-x").unwrap();
        assert_eq!(warnings.len(), 2);
    }
}
