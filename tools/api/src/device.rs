//! Disks and network cards as they are shown.

use serde::{Deserialize, Serialize};

/// A state of one end of a device, as the store has it (`public/io/xenbus.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// Its node is not there.
    Absent,
    /// 1.
    Initialising,
    /// 2: it waits for the other end.
    InitWait,
    /// 3: its rings are there.
    Initialised,
    /// 4: it works.
    Connected,
    /// 5.
    Closing,
    /// 6.
    Closed,
    /// 7.
    Reconfiguring,
    /// 8.
    Reconfigured,
    /// A number that is none of these.
    Unknown,
}

impl DeviceState {
    /// The state that a node's text stands for.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Self {
        match text.map(str::trim) {
            None => Self::Absent,
            Some("1") => Self::Initialising,
            Some("2") => Self::InitWait,
            Some("3") => Self::Initialised,
            Some("4") => Self::Connected,
            Some("5") => Self::Closing,
            Some("6") => Self::Closed,
            Some("7") => Self::Reconfiguring,
            Some("8") => Self::Reconfigured,
            Some(_) => Self::Unknown,
        }
    }

    /// As tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Initialising => "initialising",
            Self::InitWait => "waiting",
            Self::Initialised => "initialised",
            Self::Connected => "connected",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Reconfiguring => "reconfiguring",
            Self::Reconfigured => "reconfigured",
            Self::Unknown => "unknown",
        }
    }
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DiskInfo {
    /// The guest's name of it.
    pub device: String,
    /// Its number in the store.
    pub number: u32,
    /// The file or the block device in dom0.
    pub path: String,
    /// `r` or `w`.
    pub mode: String,
    /// The state of dom0's end.
    pub back: DeviceState,
    /// The state of the guest's end.
    pub front: DeviceState,
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NetInfo {
    /// Its index.
    pub index: u32,
    /// Its hardware address.
    pub mac: String,
    /// The bridge that it is on.
    pub bridge: String,
    /// Its other end in dom0.
    pub interface: String,
    /// The address that the guest was given, if it asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The state of dom0's end.
    pub back: DeviceState,
    /// The state of the guest's end.
    pub front: DeviceState,
}
