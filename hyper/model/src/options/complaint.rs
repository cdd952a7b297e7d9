//! What is wrong with a command line.

use core::fmt;

/// Complaints that are kept; further ones are only counted.
const MAX_COMPLAINTS: usize = 16;
/// Bytes of an option that are shown.
const MAX_SHOWN: usize = 48;

/// What is wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No option has this name.
    Unknown,
    /// The value can't be read; the default is used instead.
    Malformed {
        /// The form it should have.
        expected: &'static str,
    },
    /// Xen has the option, but it means nothing here: worth a note, not a warning.
    Unused,
}

/// One option that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint<'a> {
    /// The option as it was given.
    pub option: &'a str,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.option.floor_char_boundary(MAX_SHOWN);
        let (shown, rest) = self.option.split_at(end);
        let dots = if rest.is_empty() { "" } else { "..." };
        match self.fault {
            Fault::Unknown => write!(f, "unknown option \"{shown}{dots}\": ignored"),
            Fault::Malformed { expected } => {
                write!(
                    f,
                    "malformed option \"{shown}{dots}\": ignored, expected {expected}"
                )
            }
            Fault::Unused => write!(f, "option \"{shown}{dots}\" has no effect here"),
        }
    }
}

/// All that is wrong, in the order of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Complaints<'a> {
    kept: [Option<Complaint<'a>>; MAX_COMPLAINTS],
    count: usize,
}

impl<'a> Complaints<'a> {
    /// The first complaints.
    pub fn iter(&self) -> impl Iterator<Item = Complaint<'a>> {
        self.kept.iter().flatten().copied()
    }

    /// How many complaints there are beyond those of [`Complaints::iter`].
    #[must_use]
    pub const fn omitted(&self) -> usize {
        self.count.saturating_sub(MAX_COMPLAINTS)
    }

    pub(super) fn push(&mut self, complaint: Complaint<'a>) {
        if let Some(slot) = self.kept.get_mut(self.count) {
            *slot = Some(complaint);
        }
        self.count = self.count.saturating_add(1);
    }
}
