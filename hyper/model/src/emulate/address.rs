//! Memory operands.

use super::register::{Register, RegisterFile};

/// A segment that adds a base in 64-bit mode; the other four don't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// FS.
    Fs,
    /// GS.
    Gs,
}

/// The bases of the two segments that have one in 64-bit mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SegmentBases {
    /// The base of FS.
    pub fs: u64,
    /// The base of GS that is in force: the kernel's while the guest kernel runs.
    pub gs: u64,
}

/// What a memory operand is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    None,
    Register(Register),
    /// The address behind the instruction.
    NextInstruction,
}

/// A memory operand in 64-bit mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryOperand {
    pub(super) base: Base,
    /// The index register, and log2 of its scale.
    pub(super) index: Option<(Register, u8)>,
    pub(super) displacement: i32,
    pub(super) segment: Option<Segment>,
    /// Whether the offset is cut to 32 bits (prefix 0x67).
    pub(super) short: bool,
}

impl MemoryOperand {
    /// The operand `[register]`.
    pub(super) const fn at(register: Register, segment: Option<Segment>, short: bool) -> Self {
        Self {
            base: Base::Register(register),
            index: None,
            displacement: 0,
            segment,
            short,
        }
    }

    /// The offset that the operand names, without the segment's base. `length` is that of the
    /// whole instruction, in bytes.
    #[must_use]
    pub fn offset(&self, registers: &impl RegisterFile, length: u8) -> u64 {
        let base = match self.base {
            Base::None => 0,
            Base::Register(register) => registers.get(register),
            Base::NextInstruction => registers.rip().wrapping_add(u64::from(length)),
        };
        let index = match self.index {
            Some((register, shift)) => registers.get(register).wrapping_shl(u32::from(shift)),
            None => 0,
        };
        self.cut(
            base.wrapping_add(index)
                .wrapping_add_signed(i64::from(self.displacement)),
        )
    }

    /// The linear address that the operand names; it need not be canonical. `length` is that of the
    /// whole instruction, in bytes.
    #[must_use]
    pub fn address(&self, registers: &impl RegisterFile, length: u8, bases: &SegmentBases) -> u64 {
        self.linear(self.offset(registers, length), bases)
    }

    /// The offset as the address size cuts it.
    pub(super) const fn cut(&self, offset: u64) -> u64 {
        if self.short {
            offset & 0xffff_ffff
        } else {
            offset
        }
    }

    /// The linear address of an offset in the operand's segment.
    pub(super) const fn linear(&self, offset: u64, bases: &SegmentBases) -> u64 {
        match self.segment {
            None => offset,
            Some(Segment::Fs) => offset.wrapping_add(bases.fs),
            Some(Segment::Gs) => offset.wrapping_add(bases.gs),
        }
    }
}
