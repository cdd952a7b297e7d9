//! Refusals of the scheduler.

use ringwall_abi::Errno;

/// Why the scheduler did not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No memory at construction, or no slot left: `ENOMEM`.
    OutOfMemory,
    /// No such virtual CPU or group: `ESRCH`.
    NoSuchSlot,
    /// Weights are 1..=65535: `EINVAL`.
    BadWeight,
    /// No CPU that exists is in the set: `EINVAL`.
    NoCpu,
    /// A virtual CPU is removed only asleep, with its context saved; a group only when empty:
    /// `EBUSY`.
    Busy,
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        match error {
            Error::OutOfMemory => Self::ENOMEM,
            Error::NoSuchSlot => Self::ESRCH,
            Error::BadWeight | Error::NoCpu => Self::EINVAL,
            Error::Busy => Self::EBUSY,
        }
    }
}

impl From<crate::time::OutOfMemory> for Error {
    fn from(_: crate::time::OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}
