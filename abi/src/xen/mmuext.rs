//! Extended MMU operations: pins, roots, flushes, LDT.

use crate::shape::{numbers, record};
use crate::{GuestAddress, Mfn};

numbers! {
    /// The command of a [`MmuextOp`].
    ///
    /// Source: `public/xen.h`.
    pub enum MmuExtCommand: u32 {
        /// Types and pins the frame `mfn` as an L1 table.
        PinL1Table = 0 => "MMUEXT_PIN_L1_TABLE",
        /// Types and pins the frame `mfn` as an L2 table.
        PinL2Table = 1 => "MMUEXT_PIN_L2_TABLE",
        /// Types and pins the frame `mfn` as an L3 table.
        PinL3Table = 2 => "MMUEXT_PIN_L3_TABLE",
        /// Types and pins the frame `mfn` as an L4 table.
        PinL4Table = 3 => "MMUEXT_PIN_L4_TABLE",
        /// Drops the pin of the frame `mfn`.
        UnpinTable = 4 => "MMUEXT_UNPIN_TABLE",
        /// Installs `mfn` as the root table.
        NewBaseptr = 5 => "MMUEXT_NEW_BASEPTR",
        /// Flushes the caller's TLB.
        TlbFlushLocal = 6 => "MMUEXT_TLB_FLUSH_LOCAL",
        /// Flushes `linear_address` from the caller's TLB.
        InvlpgLocal = 7 => "MMUEXT_INVLPG_LOCAL",
        /// Flushes the TLBs of the virtual CPUs in `vcpu_mask`.
        TlbFlushMulti = 8 => "MMUEXT_TLB_FLUSH_MULTI",
        /// Flushes `linear_address` from the TLBs of the virtual CPUs in `vcpu_mask`.
        InvlpgMulti = 9 => "MMUEXT_INVLPG_MULTI",
        /// Flushes the TLBs of all virtual CPUs of the domain.
        TlbFlushAll = 10 => "MMUEXT_TLB_FLUSH_ALL",
        /// Flushes `linear_address` from the TLBs of all virtual CPUs of the domain.
        InvlpgAll = 11 => "MMUEXT_INVLPG_ALL",
        /// Writes back and drops the caller's caches.
        FlushCache = 12 => "MMUEXT_FLUSH_CACHE",
        /// Loads an LDT of `entries` descriptors at `linear_address`.
        SetLdt = 13 => "MMUEXT_SET_LDT",
        /// Installs `mfn` as the user's root table; 0 for none.
        NewUserBaseptr = 15 => "MMUEXT_NEW_USER_BASEPTR",
        /// Zeroes the frame `mfn`.
        ClearPage = 16 => "MMUEXT_CLEAR_PAGE",
        /// Copies the frame `source_mfn` to the frame `mfn`.
        CopyPage = 17 => "MMUEXT_COPY_PAGE",
        /// Writes back and drops the caches of all CPUs.
        FlushCacheGlobal = 18 => "MMUEXT_FLUSH_CACHE_GLOBAL",
        /// Marks a superpage.
        MarkSuper = 19 => "MMUEXT_MARK_SUPER",
        /// Unmarks a superpage.
        UnmarkSuper = 20 => "MMUEXT_UNMARK_SUPER",
    }
}

record! {
    /// One operation of `mmuext_op`: a command and two words, which the accessors name.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "mmuext_op")]
    pub struct MmuextOp {
        /// The command, a [`MmuExtCommand`].
        pub cmd: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// A frame number or a virtual address.
        pub arg1: u64,
        /// A count, an address or a frame number.
        pub arg2: u64,
    }
}

impl MmuextOp {
    /// An operation with both its words.
    #[must_use]
    pub const fn new(command: MmuExtCommand, arg1: u64, arg2: u64) -> Self {
        Self {
            cmd: command.number(),
            _padding: 0,
            arg1,
            arg2,
        }
    }

    /// The command, or `None` where the ABI knows none.
    #[inline]
    #[must_use]
    pub const fn command(self) -> Option<MmuExtCommand> {
        MmuExtCommand::from_number(self.cmd as u64)
    }

    /// The first word as a frame: pins, roots, clear and copy.
    #[inline]
    #[must_use]
    pub const fn mfn(self) -> Mfn {
        Mfn::new(self.arg1)
    }

    /// The first word as a virtual address: `invlpg` and the LDT.
    #[doc(alias = "linear_addr")]
    #[inline]
    #[must_use]
    pub const fn linear_address(self) -> GuestAddress {
        GuestAddress::new(self.arg1)
    }

    /// The second word as a number of LDT entries; its upper half is ignored.
    #[doc(alias = "nr_ents")]
    #[inline]
    #[must_use]
    pub const fn entries(self) -> u32 {
        (self.arg2 & 0xffff_ffff) as u32
    }

    /// The second word as the address of a mask of virtual CPUs, 64 to a word.
    #[doc(alias = "vcpumask")]
    #[inline]
    #[must_use]
    pub const fn vcpu_mask(self) -> GuestAddress {
        GuestAddress::new(self.arg2)
    }

    /// The second word as the frame to copy from.
    #[doc(alias = "src_mfn")]
    #[inline]
    #[must_use]
    pub const fn source_mfn(self) -> Mfn {
        Mfn::new(self.arg2)
    }
}
