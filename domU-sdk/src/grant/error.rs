//! Why something about a grant was refused.

use core::fmt;

use ringwall_abi::grant_table::GrantStatus;

use crate::{hypercall, memory};

/// Why something about a grant was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// "no reference is left"
    NoReference,
    /// "a copy leaves its page"
    BadRange,
    /// The operation's status; `None` for a number that the ABI does not know.
    Status(Option<GrantStatus>),
    /// The hypercall's answer.
    Refused(hypercall::Error),
    /// The memory's.
    Memory(memory::Error),
}

impl Error {
    /// From the status of an operation.
    pub(super) fn check(status: i16) -> Result<(), Self> {
        match GrantStatus::from_number(status) {
            Some(GrantStatus::Okay) => Ok(()),
            other => Err(Self::Status(other)),
        }
    }
}

impl From<hypercall::Error> for Error {
    fn from(error: hypercall::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<memory::Error> for Error {
    fn from(error: memory::Error) -> Self {
        Self::Memory(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReference => f.write_str("no reference is left"),
            Self::BadRange => f.write_str("a copy leaves its page"),
            Self::Status(Some(status)) => write!(f, "grant_table_op: {status}"),
            Self::Status(None) => f.write_str("grant_table_op: an unknown status"),
            Self::Refused(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
