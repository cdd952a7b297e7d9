//! Ringwall's own hypercall: what no public header has.
//!
//! Number 49, [`Hypercall::Arch1`], is one that the ABI leaves to the architecture and x86 gives no
//! meaning. A guest that doesn't know of it never sees it; only privileged domains may call it.
//!
//! Arguments: address and length of a [`Request`], address and capacity of the place for its
//! [`Reply`], lengths in bytes. Result: the length of the reply, or an [`Errno`](crate::Errno):
//!
//! - `EPERM`: the caller has no power over the machine;
//! - `E2BIG`: the request is longer than [`REQUEST_MAX`];
//! - `EINVAL`: it is none that this version knows;
//! - `ESRCH`, `ENOENT`: there is no such domain, no such virtual CPU;
//! - `ENOBUFS`: the reply does not fit, and nothing of it was written; [`REPLY_MAX`] always does;
//! - `EFAULT`: the request or the place for the reply is not the caller's.
//!
//! Messages are in [`postcard`]'s format. Versions only add to the ends of [`Request`] and [`Reply`]
//! and change nothing that is there: a caller needs a [`VERSION`] no less than its own.

mod message;
mod statistics;

use crate::Hypercall;

pub use message::{REPLY_MAX, REQUEST_MAX, Reply, Request, decode, encode};
pub use statistics::{
    DOMAINS, DomainStatistics, HYPERCALL_CLASSES, HeapStatistics, HypercallClass, PageCounts,
    Statistics, VcpuCounters, VcpuStatistics,
};

/// The hypercall's number.
pub const NUMBER: Hypercall = Hypercall::Arch1;
/// The version of the messages that are described here.
pub const VERSION: u32 = 3;
