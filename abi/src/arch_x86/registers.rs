//! The registers of a virtual CPU, and the frame of `iret`.

use crate::shape::record;

record! {
    /// The registers of a virtual CPU, as `VcpuGuestContext` has them.
    ///
    /// Source: `public/arch-x86/xen-x86_64.h`.
    #[doc(alias = "cpu_user_regs")]
    #[expect(missing_docs, reason = "the names are the CPU's")]
    pub struct CpuUserRegs {
        pub r15: u64,
        pub r14: u64,
        pub r13: u64,
        pub r12: u64,
        pub rbp: u64,
        pub rbx: u64,
        pub r11: u64,
        pub r10: u64,
        pub r9: u64,
        pub r8: u64,
        pub rax: u64,
        pub rcx: u64,
        pub rdx: u64,
        pub rsi: u64,
        pub rdi: u64,
        pub error_code: u32,
        pub entry_vector: u32,
        pub rip: u64,
        pub cs: u16,
        #[doc(hidden)]
        pub _pad0: u16,
        pub saved_upcall_mask: u8,
        #[doc(hidden)]
        pub _pad1: [u8; 3],
        pub rflags: u64,
        pub rsp: u64,
        pub ss: u16,
        #[doc(hidden)]
        pub _pad2: [u16; 3],
        pub es: u16,
        #[doc(hidden)]
        pub _pad3: [u16; 3],
        pub ds: u16,
        #[doc(hidden)]
        pub _pad4: [u16; 3],
        pub fs: u16,
        #[doc(hidden)]
        pub _pad5: [u16; 3],
        pub gs: u16,
        #[doc(hidden)]
        pub _pad6: [u16; 3],
    }
}

record! {
    /// What the `iret` hypercall finds on the guest kernel's stack.
    ///
    /// `flags` may hold [`VcpuContextFlags::IN_SYSCALL`](super::VcpuContextFlags::IN_SYSCALL):
    /// then `rcx` and `r11` need not be restored.
    ///
    /// Source: `public/arch-x86/xen-x86_64.h`.
    #[doc(alias = "iret_context")]
    #[expect(missing_docs, reason = "the names are the CPU's")]
    pub struct IretContext {
        pub rax: u64,
        pub r11: u64,
        pub rcx: u64,
        pub flags: u64,
        pub rip: u64,
        pub cs: u64,
        pub rflags: u64,
        pub rsp: u64,
        pub ss: u64,
    }
}
