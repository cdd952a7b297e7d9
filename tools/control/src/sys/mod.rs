//! What this crate can only do by unsafe code: ioctls with addresses in them, and mappings.

mod evtchn;
mod gntdev;
mod ioctl;
mod pages;
mod privcmd;
mod shared;

pub(crate) use evtchn::{Binding, bind, notify, unbind};
pub(crate) use gntdev::{map_grants, set_unmap_notice, unmap_grants};
pub(crate) use pages::Pages;
pub(crate) use privcmd::{hypercall, map_frames, map_resource};
pub use shared::{OutOfRange, SharedMemory};
