//! `sysctl` (35): the machine, for a privileged domain's toolstack; interface version 0x15.
//!
//! Argument: `xen_sysctl`, into which the answer goes. Results: 0; errors of every operation: `EPERM`;
//! `EACCES` for another interface version; `ENOSYS` for an operation that is not there; `EFAULT`; and
//! those that each names. Nothing is preempted: lists are as long as there are domains or CPUs.

mod body;
mod console;
mod dispatch;
mod domains;
mod machine;
mod policy;
mod pools;
mod topology;

pub(super) use dispatch::handle;
pub(super) use machine::{end_of_ram, total_frames};
