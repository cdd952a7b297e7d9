//! `platform_op` (7): what dom0 asks of the machine.
//!
//! Argument: a structure with subfunction, version and a union. Results: 0; `EPERM` for others than
//! dom0; `EACCES` for another version of the interface; `EFAULT`; `ENOSYS` for a subfunction that is
//! unknown or refused. The subfunctions name what else they give. Nothing is preempted.

mod cpu;
mod firmware;
mod op;
mod sleep;
mod time;

pub(super) use op::handle;
