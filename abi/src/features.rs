//! Features of the ABI that hypervisor and guest agree on.
//!
//! Source: `public/features.h`.

use crate::shape::numbers;

/// How many words of 32 features there are.
#[doc(alias = "XENFEAT_NR_SUBMAPS")]
pub const SUBMAPS: u32 = 1;

numbers! {
    /// A feature: the number of its bit.
    pub enum Feature: u32 {
        /// The guest may write its page tables.
        WritablePageTables = 0 => "XENFEAT_writable_page_tables",
        /// The guest may write its descriptor tables.
        WritableDescriptorTables = 1 => "XENFEAT_writable_descriptor_tables",
        /// The guest's frame numbers are translated by the hypervisor.
        AutoTranslatedPhysmap = 2 => "XENFEAT_auto_translated_physmap",
        /// The guest kernel runs in ring 0.
        SupervisorModeKernel = 3 => "XENFEAT_supervisor_mode_kernel",
        /// 32-bit root tables may lie beyond 4 GiB.
        PaePgdirAbove4gb = 4 => "XENFEAT_pae_pgdir_above_4gb",
        /// [`PtUpdatePreserveAd`](crate::xen::MmuUpdateCommand::PtUpdatePreserveAd) is known.
        MmuPtUpdatePreserveAd = 5 => "XENFEAT_mmu_pt_update_preserve_ad",
        /// Clear and copy page are known.
        HighmemAssist = 6 => "XENFEAT_highmem_assist",
        /// Grant maps may set the available bits of an entry.
        GnttabMapAvailBits = 7 => "XENFEAT_gnttab_map_avail_bits",
        /// Events may come by a vector to HVM guests.
        HvmCallbackVector = 8 => "XENFEAT_hvm_callback_vector",
        /// The PV clock is safe for HVM guests.
        HvmSafePvclock = 9 => "XENFEAT_hvm_safe_pvclock",
        /// HVM guests may use PIRQs.
        HvmPirqs = 10 => "XENFEAT_hvm_pirqs",
        /// The guest may be the first domain.
        Dom0 = 11 => "XENFEAT_dom0",
        /// `memory_op` knows virtual nodes.
        MemoryOpVnodeSupported = 13 => "XENFEAT_memory_op_vnode_supported",
        /// SMC calling convention on ARM.
        ArmSmcccSupported = 14 => "XENFEAT_ARM_SMCCC_supported",
        /// The ACPI root pointer may lie anywhere.
        LinuxRsdpUnrestricted = 15 => "XENFEAT_linux_rsdp_unrestricted",
        /// Pseudo-physical and machine frame numbers differ.
        NotDirectMapped = 16 => "XENFEAT_not_direct_mapped",
        /// Pseudo-physical and machine frame numbers are the same.
        DirectMapped = 17 => "XENFEAT_direct_mapped",
    }
}

impl Feature {
    /// The bit in the map of features.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self.number()
    }
}
