//! What can go wrong with a disk.

use core::fmt;

use ringwall_abi::Errno;

use crate::ring::RingError;
use crate::xenbus::DeviceError;

/// Why an operation on a disk failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// Position or length are no multiple of the disk's sectors, or the length is 0 or more than a
    /// request can move.
    Misaligned,
    /// Beyond the disk's end.
    OutOfRange,
    /// The disk can't be written.
    ReadOnly,
    /// The disk can't do this.
    NotSupported,
    /// As many requests are out as can be: some have to be finished first.
    Busy,
    /// There is no such request, or its result was taken already, or the buffer is not as long as
    /// what was asked for.
    BadToken,
    /// The disk failed at this request. Others may succeed.
    Failed,
    /// The back end did not answer in time. The request may still happen.
    TimedOut,
    /// The back end broke the protocol; the device is closed. The text says how.
    Lied(&'static str),
    /// The back end broke the ring; the device is closed.
    Ring(RingError),
    /// The back end closed the device.
    Closed,
    /// Setting up or closing failed.
    Device(DeviceError),
    /// Memory, a grant or the event channel failed.
    NoResources(Errno),
}

impl From<DeviceError> for BlockError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<Errno> for BlockError {
    fn from(errno: Errno) -> Self {
        Self::NoResources(errno)
    }
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Misaligned => "not whole sectors, or too many",
            Self::OutOfRange => "beyond the disk's end",
            Self::ReadOnly => "the disk can only be read",
            Self::NotSupported => "the disk can't do this",
            Self::Busy => "too many requests are out",
            Self::BadToken => "no such request, or a buffer of another length",
            Self::Failed => "the disk failed",
            Self::TimedOut => "the disk does not answer",
            Self::Lied(how) => return write!(f, "the disk's back end broke the protocol: {how}"),
            Self::Ring(error) => return write!(f, "the disk's ring is broken: {error}"),
            Self::Closed => "the disk's back end closed it",
            Self::Device(error) => return error.fmt(f),
            Self::NoResources(errno) => return write!(f, "no resources for the disk: {errno}"),
        })
    }
}

impl core::error::Error for BlockError {}
