//! Maps of memory.

use crate::physdev::PciDevice;
use crate::shape::record;
use crate::{DomainId, GuestAddress, Pfn};

record! {
    /// Room for a memory map, or the map: [`E820Entry`](super::E820Entry) each.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_memory_map")]
    pub struct MemoryMap {
        /// Entries of room, and in the answer entries of the map.
        pub nr_entries: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// The entries.
        pub buffer: GuestAddress,
    }

    /// A memory map for a domain.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_foreign_memory_map")]
    pub struct ForeignMemoryMap {
        /// The domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding: [u16; 3],
        /// Its map.
        pub map: MemoryMap,
    }

    /// The frames of the machine-to-physical table, in steps of 2 MiB.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_machphys_mfn_list")]
    pub struct MachphysMfnList {
        /// Room in the list.
        pub max_extents: u32,
        #[doc(hidden)]
        pub _padding0: u32,
        /// The list of first frames, 8 bytes each.
        pub extent_start: GuestAddress,
        /// Written by the hypervisor: how many there are.
        pub nr_extents: u32,
        #[doc(hidden)]
        pub _padding1: u32,
    }

    /// Where the machine-to-physical table is.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_machphys_mapping")]
    pub struct MachphysMapping {
        /// Its first address.
        pub v_start: u64,
        /// The address behind it.
        pub v_end: u64,
        /// The highest frame that has an entry.
        pub max_mfn: u64,
    }

    /// Memory that a device needs mapped one to one.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_reserved_device_memory")]
    pub struct ReservedDeviceMemory {
        /// Its first frame.
        pub start_pfn: Pfn,
        /// Its frames.
        pub nr_pages: u64,
    }

    /// Asks what memory devices need.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_reserved_device_memory_map")]
    pub struct ReservedDeviceMemoryMap {
        /// Bit 0: of all devices.
        #[doc(alias = "XENMEM_RDM_ALL")]
        pub flags: u32,
        /// Entries of room, and in the answer entries.
        pub nr_entries: u32,
        /// The list of [`ReservedDeviceMemory`].
        pub buffer: GuestAddress,
        /// The device.
        #[doc(alias = "dev")]
        pub device: PciDevice,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// A piece of a domain's memory that belongs to a virtual node.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_vmemrange")]
    pub struct VirtualMemoryRange {
        /// Its first address.
        pub start: u64,
        /// The address behind it.
        pub end: u64,
        /// Reserved: 0.
        pub flags: u32,
        /// The node.
        pub nid: u32,
    }

    /// A domain's virtual nodes.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_vnuma_topology_info")]
    pub struct VnumaTopologyInfo {
        /// The domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _pad: u16,
        /// Room for nodes, and in the answer nodes.
        pub nr_vnodes: u32,
        /// Room for virtual CPUs, and in the answer virtual CPUs.
        pub nr_vcpus: u32,
        /// Room for ranges, and in the answer ranges.
        pub nr_vmemranges: u32,
        /// The matrix of distances, 4 bytes each.
        pub vdistance: GuestAddress,
        /// The node of each virtual CPU, 4 bytes each.
        pub vcpu_to_vnode: GuestAddress,
        /// The list of [`VirtualMemoryRange`].
        pub vmemrange: GuestAddress,
    }
}
