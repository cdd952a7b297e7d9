//! Shared-memory protocols between domains.
//!
//! Sources: `public/io/*.h`.

pub mod blkif;
pub mod console;
pub mod netif;
pub mod ring;
pub mod xenbus;
pub mod xs_wire;
