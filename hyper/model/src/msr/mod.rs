//! Model-specific registers as a guest sees them.
//!
//! A guest's RDMSR and WRMSR are answered from a closed list ([`read()`], [`write()`]). What is not on
//! it faults: a register that some processor doesn't have is never touched for a guest without it
//! being named here, and then with a fault caught.

mod numbers;
mod policy;

#[cfg(test)]
mod tests;

pub use policy::{Guest, PAT, Read, Role, Vendor, Write, read, write};
