//! Debian's packages: installed where this machine needs them, unpacked where the guest does.

mod fetch;
mod install;

pub(crate) use fetch::{Kernel, busybox, cloud_kernel, kernel, package, xen};
pub(crate) use install::{Need, install};
