//! The hypervisor as dom0's programs reach it: hypercalls, events, grants, foreign memory.
//!
//! [`Hypervisor`] is the control interface, with the structures of Xen 4.17 (interface version 0x15), which
//! Ringwall has too: each operation is a method. [`EventChannels`] and [`GrantDevice`] are Linux's devices for
//! event channels and granted pages. What other domains can write is [`SharedMemory`]: it is copied, or read
//! and written by atomics, and never lent as a slice.
//!
//! Sources: Xen's public headers by `ringwall-abi`, and Linux's `xen/privcmd.h`, `xen/evtchn.h` and
//! `xen/gntdev.h` for the devices.

mod call;
mod domain;
mod error;
mod evtchn;
mod foreign;
mod gntdev;
mod machine;
mod memory;
mod ports;
mod private;
mod sys;
mod vcpu;
mod version;

pub use call::Hypervisor;
pub use domain::DomainSettings;
pub use error::{Error, Result};
pub use evtchn::EventChannels;
pub use foreign::Protection;
pub use gntdev::{GrantDevice, GrantedMemory, UnmapNotice};
pub use memory::Populated;
pub use sys::{OutOfRange, SharedMemory};
pub use version::Version;
