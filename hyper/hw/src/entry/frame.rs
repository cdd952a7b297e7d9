//! A guest's registers, as the entry code saves them.

use ringwall_model::emulate::{Register, RegisterFile};

/// `vector` of a frame made by the `syscall` instruction.
pub const SYSCALL_VECTOR: u64 = 0x100;

/// A guest's registers at the top of the CPU's stack.
///
/// Everything here is the guest's: numbers until checked. The exit code loads them as they are, so
/// `cs`, `ss` and `rflags` must have gone through the checks of `guest` when they were set.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
#[expect(missing_docs, reason = "registers by their names")]
pub struct GuestFrame {
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
    /// Exception or interrupt vector in the low byte, or [`SYSCALL_VECTOR`].
    pub vector: u64,
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl GuestFrame {
    /// The vector of an exception or interrupt.
    #[must_use]
    pub const fn trap_vector(&self) -> u8 {
        (self.vector & 0xff) as u8
    }

    /// Makes the exit go by `iretq`, which loads every register of the frame.
    pub const fn exit_by_iret(&mut self) {
        self.vector = 0;
    }
}

impl RegisterFile for GuestFrame {
    #[inline]
    fn get(&self, register: Register) -> u64 {
        match register {
            Register::Rax => self.rax,
            Register::Rcx => self.rcx,
            Register::Rdx => self.rdx,
            Register::Rbx => self.rbx,
            Register::Rsp => self.rsp,
            Register::Rbp => self.rbp,
            Register::Rsi => self.rsi,
            Register::Rdi => self.rdi,
            Register::R8 => self.r8,
            Register::R9 => self.r9,
            Register::R10 => self.r10,
            Register::R11 => self.r11,
            Register::R12 => self.r12,
            Register::R13 => self.r13,
            Register::R14 => self.r14,
            Register::R15 => self.r15,
        }
    }

    #[inline]
    fn set(&mut self, register: Register, value: u64) {
        *match register {
            Register::Rax => &mut self.rax,
            Register::Rcx => &mut self.rcx,
            Register::Rdx => &mut self.rdx,
            Register::Rbx => &mut self.rbx,
            Register::Rsp => &mut self.rsp,
            Register::Rbp => &mut self.rbp,
            Register::Rsi => &mut self.rsi,
            Register::Rdi => &mut self.rdi,
            Register::R8 => &mut self.r8,
            Register::R9 => &mut self.r9,
            Register::R10 => &mut self.r10,
            Register::R11 => &mut self.r11,
            Register::R12 => &mut self.r12,
            Register::R13 => &mut self.r13,
            Register::R14 => &mut self.r14,
            Register::R15 => &mut self.r15,
        } = value;
    }

    #[inline]
    fn rip(&self) -> u64 {
        self.rip
    }

    #[inline]
    fn set_rip(&mut self, value: u64) {
        self.rip = value;
    }

    #[inline]
    fn rflags(&self) -> u64 {
        self.rflags
    }

    #[inline]
    fn set_rflags(&mut self, value: u64) {
        self.rflags = value;
    }
}
