//! dom0: from the boot modules to a domain that can run.

mod build;
mod error;
mod pages;
mod start_info;

pub(crate) use build::build;
