//! The physical map of a translated guest.

use crate::shape::{numbers, record};
use crate::{DomainId, GuestAddress, Pfn};

/// Bit of [`AddToPhysmap::idx`] for the status frames of grant tables of version 2.
/// Source: `public/memory.h`.
#[doc(alias = "XENMAPIDX_grant_table_status")]
pub const GRANT_TABLE_STATUS_INDEX: u64 = 0x8000_0000;

numbers! {
    /// Where the page comes from.
    ///
    /// Source: `public/memory.h`.
    pub enum MapSpace: u32 {
        /// The shared page.
        SharedInfo = 0 => "XENMAPSPACE_shared_info",
        /// A page of the grant table.
        GrantTable = 1 => "XENMAPSPACE_grant_table",
        /// Another frame of the domain.
        Gmfn = 2 => "XENMAPSPACE_gmfn",
        /// Other frames of the domain.
        GmfnRange = 3 => "XENMAPSPACE_gmfn_range",
        /// A frame of another domain.
        GmfnForeign = 4 => "XENMAPSPACE_gmfn_foreign",
        /// A device's registers.
        DevMmio = 5 => "XENMAPSPACE_dev_mmio",
    }
}

record! {
    /// Maps a page at a frame number.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_add_to_physmap")]
    pub struct AddToPhysmap {
        /// The domain.
        pub domid: DomainId,
        /// How many pages, for [`MapSpace::GmfnRange`].
        pub size: u16,
        /// A [`MapSpace`].
        pub space: u32,
        /// The page's number in that space.
        pub idx: u64,
        /// The frame number at which it is mapped.
        pub gpfn: Pfn,
    }

    /// Maps pages at frame numbers.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_add_to_physmap_batch")]
    pub struct AddToPhysmapBatch {
        /// The domain.
        pub domid: DomainId,
        /// A [`MapSpace`].
        pub space: u16,
        /// How many pages.
        pub size: u16,
        /// Whose pages, for [`MapSpace::GmfnForeign`]; else 0.
        #[doc(alias = "u")]
        pub foreign_domid: DomainId,
        /// The list of the pages' numbers, 8 bytes each.
        pub idxs: GuestAddress,
        /// The list of the frame numbers, 8 bytes each.
        pub gpfns: GuestAddress,
        /// The list of the results, 4 bytes each.
        pub errs: GuestAddress,
    }

    /// Unmaps a frame number.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_remove_from_physmap")]
    pub struct RemoveFromPhysmap {
        /// The domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding: [u16; 3],
        /// The frame number.
        pub gpfn: Pfn,
    }
}
