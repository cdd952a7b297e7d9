//! Disks and network cards of guests, set up in dom0 without scripts.
//!
//! Linux's own drivers in dom0 serve the devices (`xen-blkback`, `xen-netback`); this crate makes what
//! they need: loop devices, bridge ports, nodes of the store. What it keeps is in the kernel and in the
//! store, so a daemon that starts again finds all of it there.
//!
//! - [`disk`]: attaching, listing;
//! - [`network`]: bridges, cards, the default network;
//! - [`services`]: addresses and names for the guests of the default network;
//! - [`modules`]: dom0's drivers;
//! - [`backend`]: how far a device is, detaching, removing;
//! - [`store`]: what this crate needs of the store, and one for tests.
#![deny(unsafe_code)]

pub mod address;
pub mod backend;
pub mod disk;
mod error;
pub mod modules;
pub mod network;
pub mod services;
pub mod store;
mod sys;

pub use error::Error;
