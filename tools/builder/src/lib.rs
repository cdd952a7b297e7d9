//! Builds PV domains: from a kernel's file to a domain that can run.
//!
//! Three steps:
//! 1. [`KernelImage::open`] reads a kernel as distributions ship it, or finds it unpacked in a [`Cache`];
//! 2. [`Plan::new`] decides where everything goes, and says so if it does not fit;
//! 3. [`build`] makes the domain, paused: what it fails to finish it undoes.
//!
//! The hypervisor is behind the trait [`Machine`], so that all decisions are tested without one.
#![forbid(unsafe_code)]

mod build;
mod check;
mod context;
mod dump;
mod error;
mod frames;
mod initrd;
mod kernel;
mod machine;
mod plan;
mod start_info;
mod tables;
#[cfg(test)]
mod tests;
mod undo;
mod window;

pub use build::{Built, Ring, build};
pub use check::{Examination, examine};
pub use dump::{DumpError, dump};
pub use error::BuildError;
pub use initrd::Initrd;
pub use kernel::{Cache, Facts, KernelImage};
pub use machine::{Machine, Memory};
pub use plan::{Plan, Request};
