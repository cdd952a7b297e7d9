//! The hypervisor's CPUID leaves.
//!
//! Source: `public/arch-x86/cpuid.h`.

use crate::shape::flags;

/// The first leaf.
#[doc(alias = "XEN_CPUID_FIRST_LEAF")]
pub const FIRST_LEAF: u32 = 0x4000_0000;
/// The highest leaf that Xen 4.17 has, counted from the first.
#[doc(alias = "XEN_CPUID_MAX_NUM_LEAVES")]
pub const MAX_NUM_LEAVES: u32 = 5;
/// EBX, ECX and EDX of the first leaf: `XenVMMXenVMM`.
#[doc(alias = "XEN_CPUID_SIGNATURE_EBX")]
pub const SIGNATURE: [u32; 3] = [0x566e_6558, 0x6558_4d4d, 0x4d4d_566e];

/// The leaf of the version: EAX is `major << 16 | minor`.
pub const LEAF_VERSION: u32 = FIRST_LEAF + 1;
/// The leaf of the hypercall page: EAX pages, EBX the MSR that places them, ECX
/// [`FeatureFlags`].
pub const LEAF_HYPERCALL: u32 = FIRST_LEAF + 2;
/// The leaf of time: see the subleaves.
pub const LEAF_TIME: u32 = FIRST_LEAF + 3;
/// The leaf of HVM guests.
pub const LEAF_HVM: u32 = FIRST_LEAF + 4;
/// The leaf of PV guests: EBX bits 7..=0 are the bits of a machine address.
pub const LEAF_PV: u32 = FIRST_LEAF + 5;
/// The bits of EBX in [`LEAF_PV`] that are the bits of a machine address.
#[doc(alias = "XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK")]
pub const MACHINE_ADDRESS_WIDTH_MASK: u32 = 0xff;

flags! {
    /// ECX of [`LEAF_HYPERCALL`].
    pub struct FeatureFlags: u32 {
        /// [`PtUpdatePreserveAd`](crate::xen::MmuUpdateCommand::PtUpdatePreserveAd) is known.
        MMU_PT_UPDATE_PRESERVE_AD = 1 << 0 => "XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD",
    }
}
