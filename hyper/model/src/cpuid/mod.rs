//! CPUID policy: what a guest sees of the processor.
//!
//! A guest gets the host's leaves with everything taken out that is not its own to use
//! ([`GuestCpuid::leaf`]), and the hypervisor's leaves from 0x4000_0000 on.

mod features;
mod hypervisor;
mod leaf;
mod listing;
mod policy;
mod topology;
mod xsave;

#[cfg(test)]
mod tests;

pub use hypervisor::{TimeSource, TscMode};
pub use leaf::Leaf;
pub use listing::{FEATURE_WORDS, Place, Verdict, compare, places};
pub use policy::{GuestCpuid, Vcpu};
pub use xsave::{Xcr0, Xcr0Error};
