//! The processor: its tables, registers and features.

pub mod control;
pub mod features;
pub mod local;
pub mod msr;
pub(crate) mod gdt;
mod idt;
mod start;
mod tss;

pub(crate) use gdt::reload_ldt;
pub use start::{enter_guest, start_boot_cpu};
