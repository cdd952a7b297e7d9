//! Xen's PV ABI for x86-64 as data: numbers, structures, flags.
//!
//! One module per public header; nothing here acts.
#![no_std]
#![forbid(unsafe_code)]

mod address;
mod errno;
mod ids;

pub use address::{
    ENTRIES_PER_TABLE, GuestAddress, MachineAddress, Mfn, PAGE_SHIFT, PAGE_SIZE, Pfn, is_canonical,
};
pub use errno::Errno;
pub use ids::{DomainId, Port, VcpuId};
