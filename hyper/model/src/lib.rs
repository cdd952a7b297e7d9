//! Every decision of the hypervisor, testable on any host.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod account;
pub mod acpi;
pub mod cpuid;
pub mod domain;
pub mod emulate;
pub mod event;
pub mod grant;
pub mod irq;
pub mod log;
pub mod memory;
pub mod msr;
pub mod options;
pub mod sched;
pub mod segment;
pub mod time;
