//! From the boot loader to a machine that Rust can describe.

mod header;
mod info;
mod multiboot1;
mod multiboot2;
mod start;

pub use info::{BootInformation, MAX_MODULES, MAX_REGIONS, Module, Region, RegionKind};
