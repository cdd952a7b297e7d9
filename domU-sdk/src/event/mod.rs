//! Event channels.

pub mod mask;

/// Handles what is pending on this virtual CPU.
pub(crate) fn dispatch() {}
