//! Why memory was not mapped.

use core::fmt;

use crate::hypercall;

/// Why something about memory was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// "no memory is left"
    NoMemory,
    /// "the address is not the caller's to use"
    BadAddress,
    /// "nothing is mapped there"
    NotMapped,
    /// "something is mapped there"
    InUse,
    /// The hypervisor's answer.
    Refused(hypercall::Error),
}

impl From<hypercall::Error> for Error {
    fn from(error: hypercall::Error) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMemory => f.write_str("no memory is left"),
            Self::BadAddress => f.write_str("the address is not the caller's to use"),
            Self::NotMapped => f.write_str("nothing is mapped there"),
            Self::InUse => f.write_str("something is mapped there"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
