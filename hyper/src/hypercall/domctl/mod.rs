//! `domctl` (36): the domains, for a privileged domain's toolstack; interface version 0x15.
//!
//! Argument: `xen_domctl`, into which the answer goes. Results: 0; errors of every operation: `EPERM`
//! for callers without power over the machine, `EACCES` for another interface version, `ENOSYS` for an
//! operation that is not there or is for other machines, `ESRCH` for a domain that does not exist,
//! `EFAULT`; and those that each operation names. `EINVAL` where one would act on the caller itself.
//!
//! Preempted: `destroydomain`, and `setvcpucontext` where it validates tables. Both are executed again
//! as they were, and find done what is done.

mod bitmap;
mod body;
mod context;
mod create;
mod dispatch;
mod info;
mod life;
mod pages;
mod permission;
mod policy;
mod scheduler;
mod settings;

pub(super) use bitmap::{read as read_bitmap, write as write_bitmap};
pub(super) use dispatch::handle;
pub(super) use info::describe;
