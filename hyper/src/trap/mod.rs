//! What guests run into: exceptions, and their way to the guest's own handlers.

mod bounce;
mod debug;
mod dispatch;
mod end;
mod fetch;
mod general;
mod layout;
mod page_fault;
mod privileged;
mod quirk;

pub(crate) use bounce::{bounce, inject};
pub(crate) use dispatch::HANDLERS;
pub(crate) use end::{crash_current, tell_of_lost_selectors};
pub(crate) use layout::RingLayout;
pub(crate) use privileged::{cpuid_at_start, cr4_policy, set_debug_register, set_task_switched};
