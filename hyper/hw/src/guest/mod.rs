//! What the CPU holds of the guest that runs on it.

pub mod descriptors;
pub mod fpu;
pub mod mode;
pub mod selectors;
