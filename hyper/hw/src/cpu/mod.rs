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
pub(crate) use start::patch_smap_sites;
pub use start::{enter_guest, start_boot_cpu};
