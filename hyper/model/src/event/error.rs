//! Refusals of event-channel operations.

use ringwall_abi::{DomainId, Errno};

/// Why an event-channel operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The port is zero, out of range or not open: `EINVAL`.
    BadPort,
    /// The port is open, but not for this operation: `EINVAL`.
    WrongKind,
    /// The remote port does not wait for a connection from the caller: `EINVAL`.
    NotAccepting,
    /// The domain has no such virtual CPU: `ENOENT`.
    NoSuchVcpu,
    /// No VIRQ has this number: `EINVAL`.
    BadVirq,
    /// A global VIRQ must be bound on virtual CPU 0: `EINVAL`.
    GlobalVirq,
    /// The VIRQ has a port on this virtual CPU already: `EEXIST`.
    VirqBound,
    /// The domain can't have a PIRQ of this number: `EINVAL`.
    BadPirq,
    /// The PIRQ has a port already: `EEXIST`.
    PirqBound,
    /// The interrupt behind the PIRQ could not be connected, for the reason given.
    Line(Errno),
    /// The domain's ports are all in use: `ENOSPC`.
    NoFreePort,
    /// The hypervisor has no memory for the port: `ENOMEM`.
    OutOfMemory,
    /// The domain is being destroyed: `ESRCH`.
    Dying,
    /// The port's other end belongs to this domain, which the caller did not pass. It looks the
    /// domain up and tries again; towards a guest `EAGAIN`.
    NeedsPeer(DomainId),
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        match error {
            Error::BadPort
            | Error::WrongKind
            | Error::NotAccepting
            | Error::BadVirq
            | Error::GlobalVirq
            | Error::BadPirq => Self::EINVAL,
            Error::NoSuchVcpu => Self::ENOENT,
            Error::VirqBound | Error::PirqBound => Self::EEXIST,
            Error::Line(errno) => errno,
            Error::NoFreePort => Self::ENOSPC,
            Error::OutOfMemory => Self::ENOMEM,
            Error::Dying => Self::ESRCH,
            Error::NeedsPeer(_) => Self::EAGAIN,
        }
    }
}
