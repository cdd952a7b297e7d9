//! Assistances that a guest switches on and off.

use crate::shape::numbers;

numbers! {
    /// First argument of `vm_assist`.
    ///
    /// Source: `public/xen.h`.
    pub enum VmAssistCommand: u32 {
        /// Switch it on.
        Enable = 0 => "VMASST_CMD_enable",
        /// Switch it off.
        Disable = 1 => "VMASST_CMD_disable",
    }
}

numbers! {
    /// An assistance: second argument of `vm_assist`, and a bit of
    /// [`VcpuGuestContext::vm_assist`](crate::arch_x86::VcpuGuestContext).
    ///
    /// Source: `public/xen.h`.
    pub enum VmAssistType: u32 {
        /// 4 GiB segments; 32-bit guests.
        FourGbSegments = 0 => "VMASST_TYPE_4gb_segments",
        /// An upcall when such a segment is emulated; 32-bit guests.
        FourGbSegmentsNotify = 1 => "VMASST_TYPE_4gb_segments_notify",
        /// Writes to page tables are emulated.
        WritablePagetables = 2 => "VMASST_TYPE_writable_pagetables",
        /// CR3 beyond 4 GiB; 32-bit guests.
        PaeExtendedCr3 = 3 => "VMASST_TYPE_pae_extended_cr3",
        /// IOPL is in the flags register, not in `physdev_op`.
        ArchitecturalIopl = 4 => "VMASST_TYPE_architectural_iopl",
        /// The runstate area says while it is being written.
        RunstateUpdateFlag = 5 => "VMASST_TYPE_runstate_update_flag",
        /// The machine-to-physical table is hidden from guest user mode.
        M2pStrict = 32 => "VMASST_TYPE_m2p_strict",
    }
}

impl VmAssistType {
    /// The bit in a mask of assistances.
    #[must_use]
    pub const fn bit(self) -> u64 {
        1 << self.number()
    }
}
