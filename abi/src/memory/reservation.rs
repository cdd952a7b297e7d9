//! Reservations of memory.

use crate::shape::{flags, record};
use crate::{DomainId, GuestAddress};

record! {
    /// Extents of memory to allocate, free or claim.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_memory_reservation")]
    pub struct MemoryReservation {
        /// The list of the extents' first frames, 8 bytes each.
        pub extent_start: GuestAddress,
        /// How many extents.
        pub nr_extents: u64,
        /// log2 of the frames of each.
        pub extent_order: u32,
        /// Where they should lie.
        pub mem_flags: MemoryFlags,
        /// Whose they are.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding: [u16; 3],
    }

    /// Frames to trade for others.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_memory_exchange")]
    pub struct MemoryExchange {
        /// The frames to give away.
        #[doc(alias = "in")]
        pub input: MemoryReservation,
        /// The frames to get: frame numbers in, machine frames out.
        #[doc(alias = "out")]
        pub output: MemoryReservation,
        /// Extents of `input` that were traded; 0 at first.
        pub nr_exchanged: u64,
    }

    /// A domain that is asked about.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_memory_domain")]
    pub struct MemoryDomain {
        /// The domain.
        pub domid: DomainId,
    }

    /// A target of populate-on-demand, all in pages.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_pod_target")]
    pub struct PodTarget {
        /// The target.
        pub target_pages: u64,
        /// Pages that the domain has.
        pub tot_pages: u64,
        /// Pages that wait to be used.
        pub pod_cache_pages: u64,
        /// Pages that are promised.
        pub pod_entries: u64,
        /// The domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding: [u16; 3],
    }
}

flags! {
    /// Where memory should lie: flags above, numbers in the low 16 bits.
    ///
    /// Source: `public/memory.h`.
    pub struct MemoryFlags: u32 {
        /// Populate on demand.
        POPULATE_ON_DEMAND = 1 << 16 => "XENMEMF_populate_on_demand",
        /// No other node will do.
        EXACT_NODE_REQUEST = 1 << 17 => "XENMEMF_exact_node_request",
        /// The node is a virtual one.
        VNODE = 1 << 18 => "XENMEMF_vnode",
    }
}

impl MemoryFlags {
    /// How many bits the address may have; 0 for any.
    #[doc(alias = "XENMEMF_get_address_bits")]
    #[must_use]
    pub const fn address_bits(self) -> u32 {
        self.bits() & 0xff
    }

    /// The node, or `None` for any.
    #[doc(alias = "XENMEMF_get_node")]
    #[must_use]
    pub const fn node(self) -> Option<u32> {
        ((self.bits() >> 8) & 0xff).checked_sub(1)
    }
}
