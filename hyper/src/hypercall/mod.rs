//! Hypercalls: one table, one way to end.
//!
//! A handler copies its arguments once, checks everything, then commits. It ends with a value or
//! with a [`Stop`]; only the dispatcher writes `rax`, rearms `rip` or ends a domain.

mod call;
mod callback;
mod console_io;
mod cpu_policy;
mod descriptors;
mod dispatch;
mod domctl;
mod event_channel;
mod fpu;
mod grant_table;
mod iret;
mod memory_op;
mod mmu_update;
mod mmuext;
mod multicall;
mod page;
mod physdev;
mod platform;
mod private;
mod sched;
mod segments;
mod sysctl;
mod time;
mod traps;
mod update_va;
mod vcpu_op;
mod version;

/// The one CPU that there is.
pub(crate) const THE_CPU: u32 = 0;

use call::element;
pub(crate) use call::{Call, Result, Stop, read_element, write_element};
pub(crate) use descriptors::set_frames as set_gdt_frames;
pub(crate) use dispatch::{on_syscall, on_syscall32};
pub(crate) use event_channel::close as close_port;
pub(crate) use grant_table::GrantTable;
pub(crate) use memory_op::{MemoryMap, set_machine_map};
pub(crate) use mmuext::set_kernel_root;
pub(crate) use page::{fill as fill_hypercall_page, write as write_hypercall_page};
pub(crate) use sched::{block, finish_poll};
pub(crate) use segments::kernel_stack;
pub(crate) use traps::code_address;
pub(crate) use version::OFFERED as OFFERED_FEATURES;
