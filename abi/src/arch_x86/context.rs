//! The state in which a virtual CPU starts, and which a toolstack reads.

use super::CpuUserRegs;
use crate::GuestAddress;
use crate::shape::{flags, record};

record! {
    /// A handler for `set_trap_table`, whose list an `address` of 0 ends.
    ///
    /// Source: `public/arch-x86/xen.h`.
    #[doc(alias = "trap_info")]
    pub struct TrapInfo {
        /// The exception or interrupt vector.
        pub vector: u8,
        /// Privilege and masking.
        pub flags: TrapFlags,
        /// The handler's code selector.
        pub cs: u16,
        #[doc(hidden)]
        pub _padding: u32,
        /// The handler.
        pub address: GuestAddress,
    }
}

flags! {
    /// Flags of a [`TrapInfo`]; the two lowest bits are a number: [`Self::dpl`].
    ///
    /// Source: `public/arch-x86/xen.h`.
    pub struct TrapFlags: u8 {
        /// The bits of the lowest privilege that may raise the vector by `int`.
        DPL_MASK = 3 => "3",
        /// Upcalls are masked on entry.
        MASK_EVENTS = 4 => "4",
    }
}

impl TrapFlags {
    /// The lowest privilege (highest ring, 0..=3) that may raise the vector by `int`.
    #[doc(alias = "TI_GET_DPL")]
    #[must_use]
    pub const fn dpl(self) -> u8 {
        self.bits() & 3
    }
}

flags! {
    /// Flags of a [`VcpuGuestContext`], and of an [`IretContext`](super::IretContext).
    ///
    /// Source: `public/arch-x86/xen.h`, `xen-x86_64.h`.
    pub struct VcpuContextFlags: u64 {
        /// `fpu_ctxt` has a state to load.
        I387_VALID = 1 << 0 => "VGCF_i387_valid",
        /// The virtual CPU is in its kernel.
        IN_KERNEL = 1 << 2 => "VGCF_in_kernel",
        /// Upcalls are masked on entry to the failsafe callback.
        FAILSAFE_DISABLES_EVENTS = 1 << 3 => "VGCF_failsafe_disables_events",
        /// Upcalls are masked on entry to the syscall callback.
        SYSCALL_DISABLES_EVENTS = 1 << 4 => "VGCF_syscall_disables_events",
        /// The virtual CPU is up.
        ONLINE = 1 << 5 => "VGCF_online",
        /// In an `iret` frame: the return is from a system call.
        IN_SYSCALL = 1 << 8 => "VGCF_in_syscall",
    }
}

record! {
    /// The whole state of a virtual CPU.
    ///
    /// Source: `public/arch-x86/xen.h`.
    #[doc(alias = "vcpu_guest_context")]
    pub struct VcpuGuestContext {
        /// The FXSAVE image.
        pub fpu_ctxt: [u8; 512],
        /// What of this holds.
        pub flags: VcpuContextFlags,
        /// The registers.
        pub user_regs: CpuUserRegs,
        /// The handlers, by vector.
        pub trap_ctxt: [TrapInfo; 256],
        /// The LDT's address.
        pub ldt_base: u64,
        /// Descriptors in the LDT.
        pub ldt_ents: u64,
        /// Frames of the GDT.
        pub gdt_frames: [u64; 16],
        /// Descriptors in the GDT.
        pub gdt_ents: u64,
        /// The kernel's stack selector.
        pub kernel_ss: u64,
        /// The kernel's stack.
        pub kernel_sp: u64,
        /// CR0..CR7; CR1 holds the user's root table. See [`Self::cr3_to_mfn`].
        pub ctrlreg: [u64; 8],
        /// DR0..DR7.
        pub debugreg: [u64; 8],
        /// Entry for events.
        pub event_callback_eip: u64,
        /// Entry for failed returns.
        pub failsafe_callback_eip: u64,
        /// Entry for system calls.
        pub syscall_callback_eip: u64,
        /// Assistances that are on: see [`VmAssistType::bit`](crate::xen::VmAssistType::bit).
        pub vm_assist: u64,
        /// The base of FS.
        pub fs_base: u64,
        /// The kernel's base of GS.
        pub gs_base_kernel: u64,
        /// The user's base of GS.
        pub gs_base_user: u64,
    }
}

impl VcpuGuestContext {
    /// The root table that a value of CR3 in [`Self::ctrlreg`] names.
    #[doc(alias = "xen_cr3_to_pfn")]
    #[must_use]
    pub const fn cr3_to_mfn(cr3: u64) -> crate::Mfn {
        crate::Mfn::new(cr3 >> crate::PAGE_SHIFT)
    }

    /// The value of CR3 that names a root table.
    #[doc(alias = "xen_pfn_to_cr3")]
    #[must_use]
    pub const fn mfn_to_cr3(root: crate::Mfn) -> u64 {
        root.raw() << crate::PAGE_SHIFT
    }
}
