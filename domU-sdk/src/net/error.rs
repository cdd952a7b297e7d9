//! What can go wrong with a network.

use core::fmt;

use ringwall_abi::Errno;

use crate::ring::RingError;
use crate::xenbus::DeviceError;

/// Why an operation on a network failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetError {
    /// All pages for sending are in use; it goes on when the back end has sent some.
    Busy,
    /// A frame is longer than [`FRAME_MAX`](super::FRAME_MAX), or shorter than its header.
    BadLength,
    /// The back end does not have this feature.
    NotSupported,
    /// The back end broke the protocol; the device is closed. The text says how.
    Lied(&'static str),
    /// The back end broke a ring; the device is closed.
    Ring(RingError),
    /// The back end closed the device.
    Closed,
    /// Setting up or closing failed.
    Device(DeviceError),
    /// Memory, a grant or the event channel failed.
    NoResources(Errno),
}

impl From<DeviceError> for NetError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<Errno> for NetError {
    fn from(errno: Errno) -> Self {
        Self::NoResources(errno)
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "no page is free for sending",
            Self::BadLength => "too long or too short for a frame",
            Self::NotSupported => "the back end can't do this",
            Self::Lied(how) => {
                return write!(f, "the network's back end broke the protocol: {how}");
            }
            Self::Ring(error) => return write!(f, "the network's ring is broken: {error}"),
            Self::Closed => "the network's back end closed it",
            Self::Device(error) => return error.fmt(f),
            Self::NoResources(errno) => return write!(f, "no resources for the network: {errno}"),
        })
    }
}

impl core::error::Error for NetError {}
