//! Operations on memory.

use crate::shape::numbers;

numbers! {
    /// Subfunction of `memory_op`: the low 6 bits of its first argument. The bits above are how
    /// many extents are done already, when a call goes on after an interruption.
    ///
    /// Source: `public/memory.h`.
    pub enum MemoryOp: u32 {
        /// Allocates frames: [`MemoryReservation`](super::MemoryReservation).
        IncreaseReservation = 0 => "XENMEM_increase_reservation",
        /// Frees frames: [`MemoryReservation`](super::MemoryReservation).
        DecreaseReservation = 1 => "XENMEM_decrease_reservation",
        /// Returns the highest frame of RAM.
        MaximumRamPage = 2 => "XENMEM_maximum_ram_page",
        /// Returns the pages of a domain: [`MemoryDomain`](super::MemoryDomain).
        CurrentReservation = 3 => "XENMEM_current_reservation",
        /// Returns the pages that a domain may have: [`MemoryDomain`](super::MemoryDomain).
        MaximumReservation = 4 => "XENMEM_maximum_reservation",
        /// The frames of the machine-to-physical table:
        /// [`MachphysMfnList`](super::MachphysMfnList).
        MachphysMfnList = 5 => "XENMEM_machphys_mfn_list",
        /// Allocates frames at frame numbers: [`MemoryReservation`](super::MemoryReservation).
        PopulatePhysmap = 6 => "XENMEM_populate_physmap",
        /// Maps a page at a frame number: [`AddToPhysmap`](super::AddToPhysmap).
        AddToPhysmap = 7 => "XENMEM_add_to_physmap",
        /// The domain's memory map: [`MemoryMap`](super::MemoryMap).
        MemoryMap = 9 => "XENMEM_memory_map",
        /// The machine's memory map: [`MemoryMap`](super::MemoryMap).
        MachineMemoryMap = 10 => "XENMEM_machine_memory_map",
        /// Trades frames: [`MemoryExchange`](super::MemoryExchange).
        Exchange = 11 => "XENMEM_exchange",
        /// Where the machine-to-physical table is:
        /// [`MachphysMapping`](super::MachphysMapping).
        MachphysMapping = 12 => "XENMEM_machphys_mapping",
        /// Sets a domain's memory map: [`ForeignMemoryMap`](super::ForeignMemoryMap).
        SetMemoryMap = 13 => "XENMEM_set_memory_map",
        /// Returns a domain's highest frame number: [`MemoryDomain`](super::MemoryDomain).
        MaximumGpfn = 14 => "XENMEM_maximum_gpfn",
        /// Unmaps a frame number: [`RemoveFromPhysmap`](super::RemoveFromPhysmap).
        RemoveFromPhysmap = 15 => "XENMEM_remove_from_physmap",
        /// Sets a target of populate-on-demand: [`PodTarget`](super::PodTarget).
        SetPodTarget = 16 => "XENMEM_set_pod_target",
        /// Gets a target of populate-on-demand: [`PodTarget`](super::PodTarget).
        GetPodTarget = 17 => "XENMEM_get_pod_target",
        /// Returns the pages that sharing saved.
        GetSharingFreedPages = 18 => "XENMEM_get_sharing_freed_pages",
        /// Returns the pages that are shared.
        GetSharingSharedPages = 19 => "XENMEM_get_sharing_shared_pages",
        /// Pages memory to disk.
        PagingOp = 20 => "XENMEM_paging_op",
        /// Sets who may access memory how.
        AccessOp = 21 => "XENMEM_access_op",
        /// Shares memory.
        SharingOp = 22 => "XENMEM_sharing_op",
        /// Maps pages at frame numbers: [`AddToPhysmapBatch`](super::AddToPhysmapBatch).
        AddToPhysmapBatch = 23 => "XENMEM_add_to_physmap_batch",
        /// Sets pages aside for a domain: [`MemoryReservation`](super::MemoryReservation).
        ClaimPages = 24 => "XENMEM_claim_pages",
        /// The frames of the 32-bit machine-to-physical table.
        MachphysCompatMfnList = 25 => "XENMEM_machphys_compat_mfn_list",
        /// The domain's nodes: [`VnumaTopologyInfo`](super::VnumaTopologyInfo).
        GetVnumainfo = 26 => "XENMEM_get_vnumainfo",
        /// The memory that devices need:
        /// [`ReservedDeviceMemoryMap`](super::ReservedDeviceMemoryMap).
        ReservedDeviceMemoryMap = 27 => "XENMEM_reserved_device_memory_map",
        /// The frames of a resource: [`AcquireResource`](super::AcquireResource).
        AcquireResource = 28 => "XENMEM_acquire_resource",
    }
}

impl MemoryOp {
    /// How far the count of finished extents is shifted in the first argument.
    #[doc(alias = "MEMOP_EXTENT_SHIFT")]
    pub const EXTENT_SHIFT: u32 = 6;
    /// The bits of the first argument that are the subfunction.
    #[doc(alias = "MEMOP_CMD_MASK")]
    pub const COMMAND_MASK: u64 = (1 << Self::EXTENT_SHIFT) - 1;
}
