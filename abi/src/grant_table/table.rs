//! The table itself: its frames, size and version.

use crate::shape::record;
use crate::{DomainId, GuestAddress};

record! {
    /// Grows a table, and asks for its frames.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_setup_table")]
    pub struct SetupTable {
        /// Whose table.
        pub dom: DomainId,
        #[doc(hidden)]
        pub _padding0: u16,
        /// Frames that it should have.
        pub nr_frames: u32,
        /// Written by the hypervisor: a [`GrantStatus`](super::GrantStatus).
        pub status: i16,
        #[doc(hidden)]
        pub _padding1: [u16; 3],
        /// The list of its frames, 8 bytes each.
        pub frame_list: GuestAddress,
    }

    /// Asks for a table's size.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_query_size")]
    pub struct QuerySize {
        /// Whose table.
        pub dom: DomainId,
        #[doc(hidden)]
        pub _padding0: u16,
        /// Written by the hypervisor: frames that it has.
        pub nr_frames: u32,
        /// Written by the hypervisor: frames that it may have.
        pub max_nr_frames: u32,
        /// Written by the hypervisor: a [`GrantStatus`](super::GrantStatus).
        pub status: i16,
        #[doc(hidden)]
        pub _padding1: u16,
    }

    /// Sets the version of the caller's table.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_set_version")]
    pub struct SetVersion {
        /// 1 or 2; written by the hypervisor: what it is now.
        pub version: u32,
    }
}
