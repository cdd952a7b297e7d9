//! What the control interfaces share.

use crate::GuestAddress;
use crate::shape::record;

/// A domain's UUID, which the toolstack gives it.
///
/// Source: `public/xen.h`.
#[doc(alias = "xen_domain_handle_t")]
pub type DomainHandle = [u8; 16];

record! {
    /// A bitmap in the caller's memory.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "xenctl_bitmap")]
    pub struct ControlBitmap {
        /// Its bytes, bit 0 of the first being number 0.
        pub bitmap: GuestAddress,
        /// Its length in bits.
        #[doc(alias = "nr_bits")]
        pub bits: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }
}
