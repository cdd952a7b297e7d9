//! Mapping what another domain grants.

use crate::DomainId;
use crate::shape::{flags, record};

record! {
    /// Maps a page that another domain grants.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_map_grant_ref")]
    pub struct MapGrantRef {
        /// The virtual address, or with `CONTAINS_PTE` the machine address of the entry.
        pub host_addr: u64,
        /// How to map.
        pub flags: GrantMapFlags,
        /// The entry in the other domain's table.
        #[doc(alias = "ref")]
        pub reference: u32,
        /// The other domain.
        pub dom: DomainId,
        /// Written by the hypervisor: a [`GrantStatus`](super::GrantStatus).
        pub status: i16,
        /// Written by the hypervisor: by what the mapping is undone.
        pub handle: u32,
        /// Written by the hypervisor: the page's machine address.
        pub dev_bus_addr: u64,
    }

    /// Undoes a mapping.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_unmap_grant_ref")]
    pub struct UnmapGrantRef {
        /// Where it is mapped; 0 to keep that part.
        pub host_addr: u64,
        /// The page's machine address; 0 to keep that part.
        pub dev_bus_addr: u64,
        /// What mapping gave.
        pub handle: u32,
        /// Written by the hypervisor: a [`GrantStatus`](super::GrantStatus).
        pub status: i16,
        #[doc(hidden)]
        pub _padding: u16,
    }

    /// Undoes a mapping, and moves another entry to its place.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_unmap_and_replace")]
    pub struct UnmapAndReplace {
        /// Where it is mapped.
        pub host_addr: u64,
        /// Where the other entry is taken from, which is cleared.
        pub new_addr: u64,
        /// What mapping gave.
        pub handle: u32,
        /// Written by the hypervisor: a [`GrantStatus`](super::GrantStatus).
        pub status: i16,
        #[doc(hidden)]
        pub _padding: u16,
    }
}

flags! {
    /// How to map.
    ///
    /// Source: `public/grant_table.h`.
    pub struct GrantMapFlags: u32 {
        /// For devices.
        DEVICE_MAP = 1 << 0 => "GNTMAP_device_map",
        /// For the CPU.
        HOST_MAP = 1 << 1 => "GNTMAP_host_map",
        /// Only to read.
        READONLY = 1 << 2 => "GNTMAP_readonly",
        /// Guest user code may use it.
        APPLICATION_MAP = 1 << 3 => "GNTMAP_application_map",
        /// `host_addr` is the address of the entry.
        CONTAINS_PTE = 1 << 4 => "GNTMAP_contains_pte",
        /// What the entry's available bits get.
        GUEST_AVAIL_MASK = 0xffff << 16 => "GNTMAP_guest_avail_mask",
    }
}
