//! Frames, their owners, types and counts, and who may map what.

/// stub
#[derive(Debug)]
pub struct Frame(pub [core::sync::atomic::AtomicU64; 4]);
