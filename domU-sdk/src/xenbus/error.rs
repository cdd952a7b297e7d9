//! What can go wrong with the store.

use core::fmt;

use ringwall_abi::Errno;

/// Why an operation on the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The store refused it: `ENOENT` no such node, `EACCES` not for this domain, `EAGAIN` the
    /// transaction met another, `ENOSPC` the quota is used up, and so on.
    Refused(Errno),
    /// The domain has no connection to the store.
    Absent,
    /// The path is empty, too long or has bytes that paths can't have; nothing was sent.
    BadPath,
    /// The request does not fit into a message; nothing was sent.
    TooLong,
    /// The store did not answer in time.
    TimedOut,
    /// The answer is not what the operation has as an answer.
    BadAnswer,
    /// The connection is broken, and stays so. The text says by what.
    Broken(&'static str),
    /// There is no memory.
    OutOfMemory,
}

impl StoreError {
    /// Whether it says that the node does not exist.
    #[must_use]
    pub fn is_absent(self) -> bool {
        self == Self::Refused(Errno::ENOENT)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(errno) => write!(f, "the store refuses: {errno}"),
            Self::Absent => f.write_str("the domain has no store"),
            Self::BadPath => f.write_str("no path of the store"),
            Self::TooLong => f.write_str("too long for a message to the store"),
            Self::TimedOut => f.write_str("the store does not answer"),
            Self::BadAnswer => f.write_str("the store's answer makes no sense"),
            Self::Broken(cause) => write!(f, "the connection to the store is broken: {cause}"),
            Self::OutOfMemory => f.write_str("no memory for the store's answer"),
        }
    }
}

impl core::error::Error for StoreError {}
