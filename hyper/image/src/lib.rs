//! PV kernel images: compression, ELF, notes, and where they go in memory.
//!
//! Three steps, each a type of its own:
//! 1. [`Payload`] finds the kernel in a file as distributions ship it, and unpacks it;
//! 2. [`Kernel`] reads the unpacked ELF file, its segments and its Xen notes;
//! 3. [`Layout`] computes the address space in which the domain starts.
//!
//! Nothing here touches memory but the buffers it is given, so the hypervisor's dom0 builder and
//! the toolstack share all of it.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod kernel;
mod layout;
mod payload;

pub use kernel::{Features, Kernel, KernelError, NoteSource, Notes, Segment};
pub use layout::{
    Access, Element, Layout, LayoutError, Request, Rings, Role, StartInfoFields, TableEntries,
    TableEntry,
};
pub use payload::{Compression, Payload, PayloadError};
