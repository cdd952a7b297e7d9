//! Errors.

use ringwall_abi::Errno;

/// Why an operation on memory was not done. Unless said otherwise nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The frame is no RAM, is free, is private, or belongs to another domain.
    NotOwned,
    /// The domain may not map this frame, which is no RAM.
    DeviceRefused,
    /// The entry has a bit that guests may not set there.
    BadFlags,
    /// The entry is not present, but its frame bits name memory that L1TF would leak.
    L1tf,
    /// The entry's place is the hypervisor's, or the address of an entry is not one.
    BadPlace,
    /// The table is not of the level that the operation is for.
    BadLevel,
    /// The frame is in use as something else.
    TypeConflict,
    /// The table is pinned already.
    Pinned,
    /// The table is not pinned.
    NotPinned,
    /// The descriptor gives more than a guest may have.
    BadDescriptor,
    /// One more reference would not fit its counter.
    Overflow,
    /// Someone else holds a reference to the frame.
    InUse,
    /// The address is not mapped to where the operation needs it.
    NotMapped,
    /// The entry is not what the caller expected.
    Mismatch,
    /// The domain has all the memory that it may have.
    OverLimit,
    /// No free memory fits the request.
    NoMemory,
    /// The domain is being destroyed.
    Dying,
    /// Interrupted half way, or another CPU is at work on the frame: what was done is kept. Run
    /// the same operation again.
    Preempted,
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        match error {
            Error::NotOwned
            | Error::BadFlags
            | Error::L1tf
            | Error::BadPlace
            | Error::BadLevel
            | Error::TypeConflict
            | Error::Pinned
            | Error::NotPinned
            | Error::BadDescriptor
            | Error::NotMapped
            | Error::Dying => Self::EINVAL,
            Error::DeviceRefused => Self::EPERM,
            Error::Overflow | Error::OverLimit | Error::NoMemory => Self::ENOMEM,
            Error::InUse => Self::EBUSY,
            Error::Mismatch => Self::EAGAIN,
            Error::Preempted => Self::ERESTART,
        }
    }
}
