//! What `ringctl` and `ringd` say to each other, and what `ringctl --json` prints.
//!
//! A client connects to [`SOCKET`] and writes one line: a [`Call`]. The daemon answers in lines, each
//! a [`Frame`]: items of a stream, and at last a reply or a failure. After [`Request::Console`] the
//! connection carries the console's bytes in place of lines. Lines are JSON, of at most
//! [`LINE_LIMIT`] bytes.
//!
//! The replies are the types in this crate, and what `ringctl --json` prints is the reply as it came.
//! `schema.json` next to this crate has their schemas by the name of the command; a test holds
//! it to the types. [`Failure`] has the exit codes.
#![forbid(unsafe_code)]

mod check;
mod client;
mod device;
mod domain;
mod event;
mod explain;
mod failure;
mod log;
mod machine;
mod replies;
mod request;
mod statistics;
mod store;
mod vcpu;
mod wait;
mod wire;

pub use check::{Check, MemoryPart};
pub use client::{Client, typed};
pub use device::{DeviceState, DiskInfo, NetInfo};
pub use domain::{Changed, Created, Info, ShutdownReason, State, Summary};
pub use event::{Event, EventKind};
pub use explain::{EventChannel, Explanation};
pub use failure::{Failure, Kind, Result};
pub use log::LogLine;
pub use machine::{Load, Machine, Sample};
pub use replies::check_reply;
pub use request::{Ending, Request, Which};
pub use statistics::{Counters, Hypercalls, MemoryUse, VcpuStatistics};
pub use store::{StoreChange, StoreNode};
pub use vcpu::{MemoryInfo, VcpuInfo};
pub use wait::{Condition, Waited};
pub use wire::{Call, Frame, LINE_LIMIT, read_line, write_line};

/// The version of the messages: both ends must have the same.
pub const VERSION: u32 = 1;
/// Where the daemon listens.
pub const SOCKET: &str = "/run/ringwall/ringd.sock";
/// Names another socket for `ringctl` and `ringd`.
pub const SOCKET_VARIABLE: &str = "RINGWALL_SOCKET";

#[cfg(test)]
mod schema;
