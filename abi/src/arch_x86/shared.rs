//! x86's part of the shared page.

use crate::shape::record;
use crate::{GuestAddress, Mfn};

record! {
    /// x86's part of a [`VcpuInfo`](crate::xen::VcpuInfo).
    ///
    /// Source: `public/arch-x86/xen-x86_64.h`.
    #[doc(alias = "arch_vcpu_info")]
    pub struct ArchVcpuInfo {
        /// The address of the last page fault.
        pub cr2: u64,
        #[doc(hidden)]
        pub _pad: u64,
    }

    /// x86's part of a [`SharedInfo`](crate::xen::SharedInfo): the guest tells its tools where
    /// its p2m list is.
    ///
    /// Source: `public/arch-x86/xen.h`.
    #[doc(alias = "arch_shared_info")]
    pub struct ArchSharedInfo {
        /// The frame number behind the last.
        pub max_pfn: u64,
        /// The top of the three-level list of the p2m's frames.
        pub pfn_to_mfn_frame_list_list: Mfn,
        /// Why an NMI came: [`NmiReason`](crate::nmi::NmiReason).
        pub nmi_reason: u64,
        /// The root of the tables that map the linear p2m list; 0 where there is none.
        pub p2m_cr3: u64,
        /// The address of the linear p2m list.
        pub p2m_vaddr: GuestAddress,
        /// Changed by each change of the list's mapping; odd while it changes.
        pub p2m_generation: u64,
    }
}
