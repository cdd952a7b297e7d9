//! The privileged instructions that PV guests rely on.
//!
//! Under the PV ABI a guest kernel asks for most things by hypercall; a closed list of instructions
//! still traps and is emulated. [`decode()`] says which one of the list a trapped instruction is. What
//! it does then is the caller's: the guest may be without the right to it, and gets the #GP all the
//! same.

mod decode;

#[cfg(test)]
mod tests;

use super::address::{MemoryOperand, SegmentBases};
use super::flags::Rflags;
use super::register::{Register, RegisterFile, RegisterPart, Width, step_over};

pub use decode::decode;

/// The prefix before CPUID by which a PV guest asks for the hypervisor's answer: `ud2; .ascii "xen"`
/// (`XEN_EMULATE_PREFIX` in public/arch-x86/xen.h).
pub const FORCED_EMULATION_PREFIX: [u8; 5] = [0x0f, 0x0b, 0x78, 0x65, 0x6e];

/// A privileged instruction, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub operation: Privileged,
    /// Its length in bytes, 1..=15, with the forced-emulation prefix.
    pub length: u8,
}

/// What a privileged instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privileged {
    /// CPUID: leaf in EAX, subleaf in ECX.
    Cpuid(CpuidForm),
    /// IN: to AL, AX or EAX, as the width says.
    In {
        /// Where the port's number is.
        port: PortOperand,
        /// Byte, word or dword.
        width: Width,
    },
    /// OUT: from AL, AX or EAX.
    Out {
        /// Where the port's number is.
        port: PortOperand,
        /// Byte, word or dword.
        width: Width,
    },
    /// INS: from port DX to memory.
    InString(StringIo),
    /// OUTS: from memory to port DX.
    OutString(StringIo),
    /// CLI.
    Cli,
    /// STI.
    Sti,
    /// HLT.
    Hlt,
    /// CLTS.
    Clts,
    /// MOV from a control register.
    ReadControl {
        /// The control register.
        from: ControlRegister,
        /// The 64-bit register that receives it.
        to: Register,
    },
    /// MOV to a control register.
    WriteControl {
        /// The control register.
        to: ControlRegister,
        /// The 64-bit register that is written to it.
        from: Register,
    },
    /// MOV from a debug register.
    ReadDebug {
        /// Its number, 0..=7.
        from: u8,
        /// The 64-bit register that receives it.
        to: Register,
    },
    /// MOV to a debug register.
    WriteDebug {
        /// Its number, 0..=7.
        to: u8,
        /// The 64-bit register that is written to it.
        from: Register,
    },
    /// LMSW from a 16-bit operand.
    Lmsw(WordOperand),
    /// SMSW to a register, or to 16 bits of memory.
    Smsw(WordOperand),
    /// INVLPG.
    Invlpg(MemoryOperand),
    /// INVD.
    Invd,
    /// WBINVD.
    Wbinvd,
    /// RDMSR: MSR in ECX, to EDX:EAX.
    Rdmsr,
    /// WRMSR: MSR in ECX, from EDX:EAX.
    Wrmsr,
    /// RDTSC: to EDX:EAX.
    Rdtsc,
    /// RDTSCP: to EDX:EAX, and TSC_AUX to ECX.
    Rdtscp,
    /// RDPMC: counter in ECX, to EDX:EAX.
    Rdpmc,
    /// XGETBV: register in ECX, to EDX:EAX.
    Xgetbv,
    /// XSETBV: register in ECX, from EDX:EAX.
    Xsetbv,
    /// SWAPGS.
    Swapgs,
}

/// How CPUID came to trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuidForm {
    /// As a #UD, behind [`FORCED_EMULATION_PREFIX`].
    Forced,
    /// As a #GP, by CPUID faulting.
    Plain,
}

/// Where an I/O port's number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortOperand {
    /// In the instruction.
    Immediate(u8),
    /// In DX.
    Dx,
}

impl PortOperand {
    /// The port's number.
    #[must_use]
    pub fn number(self, registers: &impl RegisterFile) -> u16 {
        match self {
            Self::Immediate(port) => u16::from(port),
            Self::Dx => port_in_dx(registers),
        }
    }
}

/// A control register that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the register's own name")]
pub enum ControlRegister {
    Cr0,
    Cr2,
    Cr3,
    Cr4,
    Cr8,
}

/// The operand of LMSW and SMSW.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordOperand {
    /// A register: LMSW takes its low 16 bits, SMSW writes its width.
    Register(RegisterPart),
    /// 16 bits of memory.
    Memory(MemoryOperand),
}

/// String I/O. One iteration is done for each trap: the guest executes a repeated instruction again,
/// with its registers one step on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StringIo {
    width: Width,
    memory: MemoryOperand,
    repeated: bool,
}

impl StringIo {
    /// Byte, word or dword.
    #[must_use]
    pub const fn width(&self) -> Width {
        self.width
    }

    /// The port, in DX.
    #[must_use]
    pub fn port(&self, registers: &impl RegisterFile) -> u16 {
        port_in_dx(registers)
    }

    /// The linear address of this iteration's item, or `None` where a repeated instruction has none
    /// left: then the instruction is just [stepped over](step_over). It need not be canonical.
    #[must_use]
    pub fn address(&self, registers: &impl RegisterFile, bases: &SegmentBases) -> Option<u64> {
        if self.repeated && self.memory.cut(registers.get(Register::Rcx)) == 0 {
            return None;
        }
        // No string operand is relative to the instruction's end, so its length plays no role.
        Some(self.memory.address(registers, 0, bases))
    }

    /// Commits one iteration that was done: moves RSI or RDI, counts RCX, and leaves RIP where it
    /// is until the last.
    pub fn advance(&self, registers: &mut impl RegisterFile, length: u8) {
        let super::address::Base::Register(pointer) = self.memory.base else {
            return;
        };
        let down = registers.rflags() & Rflags::DF.bits() != 0;
        let distance = if down {
            self.width.bytes().wrapping_neg()
        } else {
            self.width.bytes()
        };
        let moved = registers.get(pointer).wrapping_add(distance);
        registers.set(pointer, self.memory.cut(moved));
        if self.repeated {
            let left = self
                .memory
                .cut(registers.get(Register::Rcx).wrapping_sub(1));
            registers.set(Register::Rcx, left);
            if left != 0 {
                return;
            }
        }
        step_over(registers, length);
    }
}

/// EDX:EAX, the operand of WRMSR and XSETBV.
#[must_use]
pub fn pair(registers: &impl RegisterFile) -> u64 {
    let low = registers.get(Register::Rax) & 0xffff_ffff;
    registers.get(Register::Rdx) << 32 | low
}

/// Writes EDX:EAX, the result of RDMSR, RDTSC, RDPMC and XGETBV.
pub fn set_pair(registers: &mut impl RegisterFile, value: u64) {
    registers.set(Register::Rax, value & 0xffff_ffff);
    registers.set(Register::Rdx, value >> 32);
}

fn port_in_dx(registers: &impl RegisterFile) -> u16 {
    let [low, high, ..] = registers.get(Register::Rdx).to_le_bytes();
    u16::from_le_bytes([low, high])
}
