//! The ring of requests and responses that block and network devices use.
//!
//! Source: `public/io/ring.h`.

use crate::shape::record;

record! {
    /// How each ring page starts; the entries follow. Indices run freely; the place of an entry
    /// is its index modulo [`entries`].
    #[doc(alias = "DEFINE_RING_TYPES")]
    pub struct RingHeader {
        /// Requests written.
        pub req_prod: u32,
        /// The index of a request whose writing is to be signalled.
        pub req_event: u32,
        /// Responses written.
        pub rsp_prod: u32,
        /// The index of a response whose writing is to be signalled.
        pub rsp_event: u32,
        #[doc(hidden)]
        pub _pvt: [u8; 4],
        #[doc(hidden)]
        pub _pad: [u8; 44],
    }
}

/// Entries of a ring: the largest power of two of them that fits into `ring_bytes` with the
/// header; 0 where none fits.
#[doc(alias = "__CONST_RING_SIZE")]
#[must_use]
pub const fn entries(ring_bytes: usize, entry_bytes: usize) -> usize {
    let room = ring_bytes.saturating_sub(size_of::<RingHeader>());
    match room.checked_div(entry_bytes) {
        Some(count) if count > 0 => 1 << count.ilog2(),
        _ => 0,
    }
}
