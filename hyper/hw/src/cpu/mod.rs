//! The processor: its tables, registers and features.

pub mod control;
pub mod features;
pub(crate) mod gdt;
mod idt;
pub mod local;
pub mod msr;
mod start;
mod tss;

pub(crate) use gdt::reload_ldt;
pub(crate) use start::patch_smap_sites;
pub use start::{enter_first_guest, fixed_cr4, start_boot_cpu};
pub use tss::{IO_BITMAP_GUEST, IO_BITMAP_NONE};
