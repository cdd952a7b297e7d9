//! The machine: the only crate of the hypervisor that may hold unsafe code.
//!
//! Everything here offers a safe interface to some part of the hardware: boot, CPU tables, entry
//! code, paging, interrupt controllers, clocks, the serial line, and a guest's memory and registers.
//! Nothing here decides what a guest may do: that is `ringwall-model`'s and `ringwall`'s.
#![cfg_attr(not(test), no_std)]

pub mod acpi;
pub mod boot;
pub mod console;
pub mod cpu;
pub mod entry;
pub mod guest;
pub mod heap;
pub mod irq;
pub mod layout;
pub mod memory;
pub mod panic;
pub mod pci;
pub mod port;
pub mod reset;
mod symbols;
pub mod time;

pub use symbols::image_range;
