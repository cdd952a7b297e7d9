//! Xen's PV ABI for x86-64 as data: numbers, structures, flags, at the level of Xen 4.17.
//!
//! One module per public header (`/usr/include/xen` of Debian's `libxen-dev`), and [`ringwall`] for the one
//! hypercall that only Ringwall has; nothing here acts.
//! The structures have no implicit padding and accept any bytes: what a guest wrote is only a
//! number until it is checked. Their `Default` is all zeroes. Each item can be found by its name
//! in the header, which is a `doc(alias)`.
#![no_std]
#![forbid(unsafe_code)]

mod address;
mod errno;
mod ids;
mod shape;
mod unknown;

pub mod arch_x86;
pub mod callback;
pub mod domctl;
pub mod elfnote;
pub mod event_channel;
pub mod features;
pub mod grant_table;
pub mod io;
pub mod memory;
pub mod nmi;
pub mod physdev;
pub mod platform;
pub mod ringwall;
pub mod sched;
pub mod sysctl;
pub mod vcpu;
pub mod version;
pub mod xen;

pub use address::{
    ENTRIES_PER_TABLE, GuestAddress, MachineAddress, Mfn, PAGE_SHIFT, PAGE_SIZE, Pfn, is_canonical,
};
pub use errno::Errno;
pub use ids::{DomainId, Port, VcpuId};
pub use unknown::Unknown;
pub use xen::Hypercall;
