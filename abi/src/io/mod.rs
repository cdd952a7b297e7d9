//! Shared-memory protocols between domains.
//!
//! Sources: `public/io/*.h`.

pub mod console;
