//! What happened to domains.

use serde::{Deserialize, Serialize};

/// Which thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A domain was created.
    Created,
    /// It was stopped from running.
    Paused,
    /// It was let run again.
    Unpaused,
    /// It ended; `detail` is the reason.
    Shutdown,
    /// Its policy had it created anew.
    Restarted,
    /// Its policy kept it.
    Preserved,
    /// Its memory was written to a file; `detail` names it.
    Dumped,
    /// It is gone.
    Destroyed,
    /// It has another name; `detail` is the old one.
    Renamed,
    /// A device came; `detail` names it.
    DeviceAttached,
    /// A device went; `detail` names it.
    DeviceDetached,
    /// ringd found it when it started.
    Adopted,
    /// Something about it failed; `detail` says what.
    Failed,
}

impl EventKind {
    /// As lines have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Paused => "paused",
            Self::Unpaused => "unpaused",
            Self::Shutdown => "shutdown",
            Self::Restarted => "restarted",
            Self::Preserved => "preserved",
            Self::Dumped => "dumped",
            Self::Destroyed => "destroyed",
            Self::Renamed => "renamed",
            Self::DeviceAttached => "device-attached",
            Self::DeviceDetached => "device-detached",
            Self::Adopted => "adopted",
            Self::Failed => "failed",
        }
    }
}

/// Something that happened to a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// The domain's number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// What.
    pub kind: EventKind,
    /// More of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
