//! The registers of interrupted code.

use core::fmt;

/// The registers of the code that an exception, an event or a system call has interrupted.
///
/// A handler may change them: the interrupted code goes on with what stands here. So it is the
/// handler that answers for what that code does next.
///
/// Laid out as the entry code pushes it, and from `rax` on as the `iret` hypercall takes it
/// (`public/arch-x86/xen-x86_64.h`, `iret_context`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[expect(missing_docs, reason = "the names are the CPU's")]
pub struct Frame {
    vector: u64,
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rax: u64,
    pub r11: u64,
    pub rcx: u64,
    error_code: u64,
    pub rip: u64,
    /// The selector, and above bit 32 whether upcalls were masked.
    cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    ss: u64,
}

/// The interrupt flag, which stands for "upcalls are not masked".
const INTERRUPT_FLAG: u64 = 1 << 9;

impl Frame {
    /// Offset of the code selector, in bytes.
    #[cfg(target_os = "none")]
    pub(crate) const CS: usize = core::mem::offset_of!(Self, cs);

    /// What happened: an exception's or a soft interrupt's vector, or one of
    /// [`EVENT`](super::EVENT), [`SYSCALL`](super::SYSCALL) and [`FAILSAFE`](super::FAILSAFE).
    #[must_use]
    pub const fn vector(&self) -> u64 {
        self.vector
    }

    /// The error code; 0 where the exception has none.
    #[must_use]
    pub const fn error_code(&self) -> u64 {
        self.error_code
    }

    /// The code selector.
    #[must_use]
    pub const fn cs(&self) -> u16 {
        (self.cs & 0xffff) as u16
    }

    /// The stack selector.
    #[must_use]
    pub const fn ss(&self) -> u16 {
        (self.ss & 0xffff) as u16
    }

    /// Sets the selectors to which the `iret` hypercall returns; RPL 3 means user code.
    pub const fn set_selectors(&mut self, cs: u16, ss: u16) {
        self.cs = cs as u64;
        self.ss = ss as u64;
    }

    /// Whether user code was interrupted: the hypervisor shows the kernel's selectors with RPL 0.
    #[must_use]
    pub const fn is_user(&self) -> bool {
        self.cs & 3 == 3
    }

    /// Whether upcalls come again when the interrupted code goes on.
    #[must_use]
    pub const fn upcalls_enabled(&self) -> bool {
        self.rflags & INTERRUPT_FLAG != 0
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "rip {:016x} cs {:04x} rflags {:08x} error code {:#x}",
            self.rip,
            self.cs(),
            self.rflags,
            self.error_code
        )?;
        writeln!(f, "rsp {:016x} ss {:04x}", self.rsp, self.ss())?;
        for (index, (name, value)) in self.registers().iter().enumerate() {
            let end = if index % 4 == 3 { '\n' } else { ' ' };
            write!(f, "{name:3} {value:016x}{end}")?;
        }
        Ok(())
    }
}

impl Frame {
    const fn registers(&self) -> [(&'static str, u64); 15] {
        [
            ("rax", self.rax),
            ("rbx", self.rbx),
            ("rcx", self.rcx),
            ("rdx", self.rdx),
            ("rsi", self.rsi),
            ("rdi", self.rdi),
            ("rbp", self.rbp),
            ("r8", self.r8),
            ("r9", self.r9),
            ("r10", self.r10),
            ("r11", self.r11),
            ("r12", self.r12),
            ("r13", self.r13),
            ("r14", self.r14),
            ("r15", self.r15),
        ]
    }
}
