//! Operations on grant tables, and the arguments of the rare ones.

use crate::shape::{flags, numbers, record};
use crate::{DomainId, GuestAddress, Mfn};

numbers! {
    /// Subfunction of `grant_table_op`, whose second argument is a list of the third's length.
    ///
    /// Source: `public/grant_table.h`.
    pub enum GrantOp: u32 {
        /// [`MapGrantRef`](super::MapGrantRef).
        MapGrantRef = 0 => "GNTTABOP_map_grant_ref",
        /// [`UnmapGrantRef`](super::UnmapGrantRef).
        UnmapGrantRef = 1 => "GNTTABOP_unmap_grant_ref",
        /// [`SetupTable`](super::SetupTable).
        SetupTable = 2 => "GNTTABOP_setup_table",
        /// [`DumpTable`].
        DumpTable = 3 => "GNTTABOP_dump_table",
        /// [`Transfer`].
        Transfer = 4 => "GNTTABOP_transfer",
        /// [`GrantCopy`](super::GrantCopy).
        Copy = 5 => "GNTTABOP_copy",
        /// [`QuerySize`](super::QuerySize).
        QuerySize = 6 => "GNTTABOP_query_size",
        /// [`UnmapAndReplace`](super::UnmapAndReplace).
        UnmapAndReplace = 7 => "GNTTABOP_unmap_and_replace",
        /// [`SetVersion`](super::SetVersion).
        SetVersion = 8 => "GNTTABOP_set_version",
        /// [`GetStatusFrames`].
        GetStatusFrames = 9 => "GNTTABOP_get_status_frames",
        /// [`GetVersion`].
        GetVersion = 10 => "GNTTABOP_get_version",
        /// [`SwapGrantRef`].
        SwapGrantRef = 11 => "GNTTABOP_swap_grant_ref",
        /// [`CacheFlush`].
        CacheFlush = 12 => "GNTTABOP_cache_flush",
    }
}

record! {
    /// Writes a table to the console.
    ///
    /// Source: `public/grant_table.h`, as all of this file. Each `status` is a
    /// [`GrantStatus`](super::GrantStatus), written by the hypervisor.
    #[doc(alias = "gnttab_dump_table")]
    pub struct DumpTable {
        /// Whose table.
        pub dom: DomainId,
        /// The result.
        pub status: i16,
    }

    /// Gives a page to another domain.
    #[doc(alias = "gnttab_transfer")]
    pub struct Transfer {
        /// The page.
        pub mfn: Mfn,
        /// The other domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding0: u16,
        /// Its entry that accepts.
        #[doc(alias = "ref")]
        pub reference: u32,
        /// The result.
        pub status: i16,
        #[doc(hidden)]
        pub _padding1: [u16; 3],
    }

    /// Asks for the status frames of a table of version 2.
    #[doc(alias = "gnttab_get_status_frames")]
    pub struct GetStatusFrames {
        /// Frames of room.
        pub nr_frames: u32,
        /// Whose table.
        pub dom: DomainId,
        /// The result.
        pub status: i16,
        /// The list of frames, 8 bytes each.
        pub frame_list: GuestAddress,
    }

    /// Asks for a table's version.
    #[doc(alias = "gnttab_get_version")]
    pub struct GetVersion {
        /// Whose table.
        pub dom: DomainId,
        #[doc(hidden)]
        pub _pad: u16,
        /// Written by the hypervisor: the version.
        pub version: u32,
    }

    /// Swaps two entries.
    #[doc(alias = "gnttab_swap_grant_ref")]
    pub struct SwapGrantRef {
        /// One.
        pub ref_a: u32,
        /// The other.
        pub ref_b: u32,
        /// The result.
        pub status: i16,
        #[doc(hidden)]
        pub _padding: u16,
    }

    /// Cleans or drops the caches of a part of a page.
    #[doc(alias = "gnttab_cache_flush")]
    pub struct CacheFlush {
        /// The page's address, or its reference where `SOURCE_GREF` is set.
        #[doc(alias = "a")]
        pub page: u64,
        /// First byte in the page.
        pub offset: u16,
        /// Bytes.
        pub length: u16,
        /// What to do.
        pub op: CacheFlushFlags,
    }
}

flags! {
    /// What a [`CacheFlush`] does.
    pub struct CacheFlushFlags: u32 {
        /// Write back.
        CLEAN = 1 << 0 => "GNTTAB_CACHE_CLEAN",
        /// Drop.
        INVAL = 1 << 1 => "GNTTAB_CACHE_INVAL",
        /// The page is named by a reference.
        SOURCE_GREF = 1 << 31 => "GNTTAB_CACHE_SOURCE_GREF",
    }
}
