//! What can go wrong with a physical interrupt.

use ringwall_abi::Errno;

/// Why an operation on a physical interrupt failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// There is no such PIRQ, or no IO-APIC has such a pin.
    BadPirq,
    /// The PIRQ stands for nothing.
    NotMapped,
    /// The wanted PIRQ stands for something else, or that source has a PIRQ.
    Mapped,
    /// An event channel is bound to the PIRQ.
    Bound,
    /// The hypervisor keeps the pin for itself.
    Kept,
    /// All PIRQs, or all vectors, are in use.
    Full,
    /// The device can't send so many messages, or has no such entry.
    BadMessage,
    /// There is no memory for the table.
    OutOfMemory,
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        match error {
            Error::BadPirq | Error::NotMapped | Error::BadMessage => Self::EINVAL,
            Error::Mapped => Self::EEXIST,
            Error::Bound | Error::Kept => Self::EBUSY,
            Error::Full => Self::ENOSPC,
            Error::OutOfMemory => Self::ENOMEM,
        }
    }
}
