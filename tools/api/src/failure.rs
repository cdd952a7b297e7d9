//! What went wrong, and the exit status that tells a script.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which kind of thing went wrong: its number is `ringctl`'s exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Something that has no kind of its own.
    Failed = 1,
    /// The command line is not right.
    Usage = 2,
    /// There is no such domain, device, virtual CPU or store node.
    NotFound = 3,
    /// A name, a disk, a bridge or an address is taken.
    InUse = 4,
    /// The guest file, the kernel or an image is not right.
    BadInput = 5,
    /// Memory, or something else that there is so much of, does not suffice.
    NoRoom = 6,
    /// The time was up.
    TimedOut = 7,
    /// The daemon can't be reached, or speaks another version.
    Unreachable = 8,
    /// The hypervisor, or the guest, refuses or lacks it.
    Refused = 9,
}

impl Kind {
    /// All, with what the help says of them.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Failed, "something without a status of its own failed"),
        (Self::Usage, "the command line is not right"),
        (
            Self::NotFound,
            "there is no such domain, device or store node",
        ),
        (Self::InUse, "a name, disk, bridge or address is in use"),
        (
            Self::BadInput,
            "the guest file, the kernel or an image is not right",
        ),
        (
            Self::NoRoom,
            "there is not enough memory, or of something else",
        ),
        (Self::TimedOut, "the time was up"),
        (Self::Unreachable, "ringd can't be reached"),
        (Self::Refused, "the hypervisor or the guest refuses it"),
    ];

    /// The exit status.
    #[must_use]
    pub fn status(self) -> u8 {
        self as u8
    }
}

/// An error in one line: what, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Failure {
    /// Which kind.
    pub kind: Kind,
    /// The line.
    pub message: String,
}

/// A result of this crate and its users.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let mut message = message.into();
        // One line, whatever it was made from.
        if message.contains(['\n', '\r']) {
            message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        Self { kind, message }
    }

    /// Puts what was done before the message: `WHAT: WHY`.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Failed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_distinct_and_never_success() {
        let statuses = Kind::ALL.map(|(kind, _)| kind.status());
        assert_eq!(statuses, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn messages_have_one_line() {
        let failure = Failure::new(Kind::Failed, "a\n b").context("c");
        assert_eq!(failure.to_string(), "c: a b");
    }
}
