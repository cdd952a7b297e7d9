//! All that is unsafe, in five places.
//!
//! - [`call`]: the hypercall instruction;
//! - [`entry`]: where the hypervisor enters the guest, and the assembly there;
//! - [`heap`]: the global allocator;
//! - [`page`]: words of pages that others may write;
//! - [`registers`]: what the CPU holds of the kernel.

pub(crate) mod call;
pub(crate) mod entry;
pub(crate) mod heap;
pub(crate) mod page;
pub(crate) mod registers;
