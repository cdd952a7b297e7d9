//! Disks: the front end of `public/io/blkif.h`.
//!
//! [`Block`] has a simple side, [`Block::read`], [`Block::write`], [`Block::flush`] and
//! [`Block::discard`], which wait; and one that does not: `submit_*` and [`Block::finish`].
//!
//! Data are copied through pages that stay granted while the device is open, so that the back end
//! never gets at other memory, and can keep them mapped.
//!
//! One ring of one page, so 32 requests at a time, of at most [`REQUEST_BYTES`] each: indirect requests and
//! several queues are not used. Sectors are of 512 to 4096 bytes.

mod device;
mod error;
mod geometry;
mod pool;
mod requests;
mod submit;
mod transfer;

pub use device::Block;
pub use error::BlockError;
pub use geometry::{Geometry, Writes};
pub use submit::{Outcome, Token};

/// Bytes of the unit in which the protocol counts, whatever the disk's own sectors are.
pub const UNIT: u64 = 512;
/// Bytes that one request moves at most.
pub const REQUEST_BYTES: usize = ringwall_abi::io::blkif::MAX_SEGMENTS * ringwall_abi::PAGE_SIZE;
