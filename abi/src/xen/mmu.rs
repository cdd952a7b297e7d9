//! Page-table updates.

use crate::MachineAddress;
use crate::shape::{flags, numbers, record};

record! {
    /// One write of `mmu_update`.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "mmu_update")]
    pub struct MmuUpdate {
        /// The machine address of what is written, in bytes, with the command in bits 1..=0.
        pub ptr: u64,
        /// The new page-table entry, or the new pseudo-physical frame number.
        pub val: u64,
    }
}

impl MmuUpdate {
    /// What is asked: bits 1..=0 of `ptr`.
    #[inline]
    #[must_use]
    pub const fn command(self) -> MmuUpdateCommand {
        match self.ptr & 3 {
            0 => MmuUpdateCommand::NormalPtUpdate,
            1 => MmuUpdateCommand::MachphysUpdate,
            2 => MmuUpdateCommand::PtUpdatePreserveAd,
            _ => MmuUpdateCommand::PtUpdateNoTranslate,
        }
    }

    /// The address without the command, in bytes: a multiple of 4, which need not be one of 8.
    #[inline]
    #[must_use]
    pub const fn address(self) -> MachineAddress {
        MachineAddress::new(self.ptr & !3)
    }
}

numbers! {
    /// What a [`MmuUpdate`] writes.
    ///
    /// Source: `public/xen.h`.
    pub enum MmuUpdateCommand: u32 {
        /// A page-table entry, checked.
        NormalPtUpdate = 0 => "MMU_NORMAL_PT_UPDATE",
        /// The machine-to-physical entry of the frame at the address.
        MachphysUpdate = 1 => "MMU_MACHPHYS_UPDATE",
        /// A page-table entry, atomically keeping the old one's accessed and dirty bits.
        PtUpdatePreserveAd = 2 => "MMU_PT_UPDATE_PRESERVE_AD",
        /// A page-table entry whose frame is not translated; only for translated guests.
        PtUpdateNoTranslate = 3 => "MMU_PT_UPDATE_NO_TRANSLATE",
    }
}

flags! {
    /// What `update_va_mapping` flushes, as its third argument has it.
    ///
    /// Source: `public/xen.h`. The two lowest bits are a number: see [`Self::flush`]. Above them
    /// the argument is either a scope or the address of a mask of virtual CPUs: [`Self::scope`].
    pub struct VaMappingFlags: u64 {
        /// Flush the whole TLB.
        TLB_FLUSH = 1 => "UVMF_TLB_FLUSH",
        /// Flush this address.
        INVLPG = 2 => "UVMF_INVLPG",
        /// The bits that say what to flush.
        FLUSHTYPE_MASK = 3 => "UVMF_FLUSHTYPE_MASK",
        /// Flush on every virtual CPU of the domain.
        ALL = 1 << 2 => "UVMF_ALL",
    }
}

/// What to flush after `update_va_mapping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaFlush {
    /// Nothing.
    #[doc(alias = "UVMF_NONE")]
    None,
    /// The whole TLB.
    #[doc(alias = "UVMF_TLB_FLUSH")]
    Tlb,
    /// The address that was updated.
    #[doc(alias = "UVMF_INVLPG")]
    Address,
}

/// Where to flush after `update_va_mapping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaFlushScope {
    /// On the calling virtual CPU.
    #[doc(alias = "UVMF_LOCAL")]
    Local,
    /// On every virtual CPU of the domain.
    #[doc(alias = "UVMF_ALL")]
    All,
    /// On the virtual CPUs in the 64-bit mask at this address.
    #[doc(alias = "UVMF_MULTI")]
    Mask(crate::GuestAddress),
}

impl VaMappingFlags {
    /// What to flush, or `None` where both bits are set, which the ABI doesn't define.
    #[inline]
    #[must_use]
    pub const fn flush(self) -> Option<VaFlush> {
        match self.bits() & 3 {
            0 => Some(VaFlush::None),
            1 => Some(VaFlush::Tlb),
            2 => Some(VaFlush::Address),
            _ => None,
        }
    }

    /// Where to flush.
    #[inline]
    #[must_use]
    pub const fn scope(self) -> VaFlushScope {
        match self.bits() & !3 {
            0 => VaFlushScope::Local,
            4 => VaFlushScope::All,
            mask => VaFlushScope::Mask(crate::GuestAddress::new(mask)),
        }
    }
}
