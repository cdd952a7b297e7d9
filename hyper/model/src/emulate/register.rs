//! General registers, and parts of them.

use super::flags::Rflags;

/// A general register, in the order in which instructions encode them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "each variant is the register's own name")]
pub enum Register {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

impl Register {
    /// The register that the low four bits of `encoding` name.
    #[must_use]
    pub const fn from_encoding(encoding: u8) -> Self {
        // A match, unlike a table, costs nothing: the compiler sees that it is the identity.
        match encoding & 15 {
            0 => Self::Rax,
            1 => Self::Rcx,
            2 => Self::Rdx,
            3 => Self::Rbx,
            4 => Self::Rsp,
            5 => Self::Rbp,
            6 => Self::Rsi,
            7 => Self::Rdi,
            8 => Self::R8,
            9 => Self::R9,
            10 => Self::R10,
            11 => Self::R11,
            12 => Self::R12,
            13 => Self::R13,
            14 => Self::R14,
            _ => Self::R15,
        }
    }
}

/// The registers of a trapped vCPU.
pub trait RegisterFile {
    /// A general register.
    fn get(&self, register: Register) -> u64;
    /// Replaces a general register.
    fn set(&mut self, register: Register, value: u64);
    /// The address of the instruction that trapped.
    fn rip(&self) -> u64;
    /// Replaces the address at which the guest goes on.
    fn set_rip(&mut self, value: u64);
    /// RFLAGS as the trap saved them.
    fn rflags(&self) -> u64;
    /// Replaces RFLAGS; only status bits differ from what [`rflags`](Self::rflags) gave.
    fn set_rflags(&mut self, value: u64);
}

/// Ends an emulated instruction: moves RIP behind its `length` bytes and clears RF, as the
/// processor does. A guest that single-steps ([`Rflags::TF`]) is then due a #DB.
pub fn step_over(registers: &mut impl RegisterFile, length: u8) {
    let next = registers.rip().wrapping_add(u64::from(length));
    registers.set_rip(next);
    let flags = registers.rflags() & !Rflags::RF.bits();
    registers.set_rflags(flags);
}

/// The size of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Word,
    /// 32 bits.
    Dword,
    /// 64 bits.
    Qword,
}

impl Width {
    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        1 << self as u32
    }

    /// The size in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }

    /// The operand's bits in a 64-bit value.
    #[must_use]
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }

    /// The operand's highest bit.
    #[must_use]
    pub const fn sign(self) -> u64 {
        1 << (self.bits() - 1)
    }
}

/// A register as an instruction of some width names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterPart {
    register: Register,
    width: Width,
    /// AH, CH, DH or BH: bits 15..=8.
    high: bool,
}

impl RegisterPart {
    /// The low `width` of a register.
    #[must_use]
    pub const fn low(register: Register, width: Width) -> Self {
        Self {
            register,
            width,
            high: false,
        }
    }

    /// What the encoding 0..=15 names: without any REX prefix, the bytes 4..=7 are AH, CH, DH, BH.
    pub(super) const fn decode(encoding: u8, width: Width, has_rex: bool) -> Self {
        let high = matches!(width, Width::Byte) && !has_rex && encoding >= 4 && encoding < 8;
        let register = Register::from_encoding(if high { encoding - 4 } else { encoding });
        Self {
            register,
            width,
            high,
        }
    }

    /// The full register that the part belongs to.
    #[must_use]
    pub const fn register(self) -> Register {
        self.register
    }

    /// The part's size.
    #[must_use]
    pub const fn width(self) -> Width {
        self.width
    }

    /// Whether this is AH, CH, DH or BH.
    #[must_use]
    pub const fn is_high_byte(self) -> bool {
        self.high
    }

    /// The part's value.
    #[must_use]
    pub fn read(self, registers: &impl RegisterFile) -> u64 {
        let full = registers.get(self.register);
        (if self.high { full >> 8 } else { full }) & self.width.mask()
    }

    /// The full register's value after a write of the part: 32 bits clear the upper half, 8 and 16
    /// leave the rest as it was (SDM vol. 1, 3.4.1.1).
    #[must_use]
    pub const fn merge(self, full: u64, value: u64) -> u64 {
        let mask = self.width.mask();
        let value = value & mask;
        match self.width {
            Width::Dword | Width::Qword => value,
            Width::Byte if self.high => full & !0xff00 | value << 8,
            Width::Byte | Width::Word => full & !mask | value,
        }
    }

    /// Writes the part.
    pub fn write(self, registers: &mut impl RegisterFile, value: u64) {
        let full = registers.get(self.register);
        registers.set(self.register, self.merge(full, value));
    }
}

#[cfg(test)]
mod tests {
    use super::{Register, RegisterPart, Width};

    #[test]
    fn encodings_are_the_discriminants() {
        for encoding in 0..=u8::MAX {
            assert_eq!(Register::from_encoding(encoding) as u8, encoding & 15);
        }
    }

    #[test]
    fn a_write_of_a_part_keeps_or_clears_the_rest() {
        let full = 0x1122_3344_5566_7788;
        let cases = [
            (RegisterPart::decode(0, Width::Qword, false), u64::MAX),
            (RegisterPart::decode(0, Width::Dword, false), 0xffff_ffff),
            (
                RegisterPart::decode(0, Width::Word, false),
                0x1122_3344_5566_ffff,
            ),
            (
                RegisterPart::decode(0, Width::Byte, false),
                0x1122_3344_5566_77ff,
            ),
            (
                RegisterPart::decode(4, Width::Byte, false),
                0x1122_3344_5566_ff88,
            ),
            (
                RegisterPart::decode(4, Width::Byte, true),
                0x1122_3344_5566_77ff,
            ),
        ];
        for (part, expected) in cases {
            assert_eq!(part.merge(full, u64::MAX), expected, "{part:?}");
        }
        let [ah, spl] = [false, true].map(|rex| RegisterPart::decode(4, Width::Byte, rex));
        assert_eq!(
            (ah.register(), spl.register()),
            (Register::Rax, Register::Rsp)
        );
    }
}
