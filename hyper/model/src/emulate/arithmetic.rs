//! Results and status flags of integer instructions.
//!
//! Operands and results are the low `width` of a `u64`.

use super::flags::Rflags;
use super::register::Width;

/// A two-operand instruction that writes its first operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Or,
    And,
    Sub,
    Xor,
}

/// A result, and the RFLAGS after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Computed {
    pub(super) value: u64,
    pub(super) rflags: u64,
}

impl Arithmetic {
    /// The instruction that bits 5..=3 of the opcode, or the extension of group 1, name.
    pub(super) const fn from_encoding(encoding: u8) -> Option<Self> {
        match encoding {
            0 => Some(Self::Add),
            1 => Some(Self::Or),
            4 => Some(Self::And),
            5 => Some(Self::Sub),
            6 => Some(Self::Xor),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn compute(self, width: Width, left: u64, right: u64, rflags: u64) -> Computed {
        let left = left & width.mask();
        let right = right & width.mask();
        let value = match self {
            Self::Add => left.wrapping_add(right),
            Self::Or => left | right,
            Self::And => left & right,
            Self::Sub => left.wrapping_sub(right),
            Self::Xor => left ^ right,
        } & width.mask();
        let carries = match self {
            Self::Add => overflow_flags(width, left, right, value),
            // A difference is a sum read backwards: left = value + right.
            Self::Sub => overflow_flags(width, value, right, left),
            // AF is undefined after logic; processors clear it.
            Self::Or | Self::And | Self::Xor => Rflags::empty(),
        };
        with_status(rflags, result_flags(width, value) | carries, value)
    }
}

/// INC (`step` 1) and DEC (`step` -1): like ADD and SUB of 1, but CF stays.
pub(super) fn step(width: Width, operand: u64, direction: Step, rflags: u64) -> Computed {
    let operation = match direction {
        Step::Increment => Arithmetic::Add,
        Step::Decrement => Arithmetic::Sub,
    };
    let computed = operation.compute(width, operand, 1, rflags);
    let carry = Rflags::CF.bits();
    Computed {
        rflags: computed.rflags & !carry | rflags & carry,
        ..computed
    }
}

/// The direction of [`step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Increment,
    Decrement,
}

impl Step {
    /// The instruction that the extension of groups 4 and 5 names.
    pub(super) const fn from_encoding(encoding: u8) -> Option<Self> {
        match encoding {
            0 => Some(Self::Increment),
            1 => Some(Self::Decrement),
            _ => None,
        }
    }
}

/// BTS, BTR and BTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BitChange {
    Set,
    Reset,
    Complement,
}

impl BitChange {
    /// The instruction that bits 4..=3 of the opcode, or the extension 5..=7 of group 8, name.
    pub(super) const fn from_encoding(encoding: u8) -> Option<Self> {
        match encoding {
            5 => Some(Self::Set),
            6 => Some(Self::Reset),
            7 => Some(Self::Complement),
            _ => None,
        }
    }

    /// Changes bit `offset`, cut to the width. CF is the old bit; the other flags stay (AMD64 APM;
    /// Intel leaves all but ZF undefined).
    pub(super) fn compute(self, width: Width, operand: u64, offset: u64, rflags: u64) -> Computed {
        let bit = 1 << (offset & u64::from(width.bits() - 1));
        let value = match self {
            Self::Set => operand | bit,
            Self::Reset => operand & !bit,
            Self::Complement => operand ^ bit,
        };
        let carry = if operand & bit == 0 {
            0
        } else {
            Rflags::CF.bits()
        };
        Computed {
            value,
            rflags: rflags & !Rflags::CF.bits() | carry,
        }
    }
}

/// CF, AF and OF of `value = left + right`.
fn overflow_flags(width: Width, left: u64, right: u64, value: u64) -> Rflags {
    let carries = left & right | (left | right) & !value;
    let overflow = (left ^ value) & (right ^ value);
    let mut flags = Rflags::empty();
    flags.set(Rflags::CF, carries & width.sign() != 0);
    flags.set(Rflags::AF, carries & 8 != 0);
    flags.set(Rflags::OF, overflow & width.sign() != 0);
    flags
}

/// ZF, SF and PF of a result.
fn result_flags(width: Width, value: u64) -> Rflags {
    let mut flags = Rflags::empty();
    flags.set(Rflags::ZF, value == 0);
    flags.set(Rflags::SF, value & width.sign() != 0);
    flags.set(Rflags::PF, (value & 0xff).count_ones() & 1 == 0);
    flags
}

fn with_status(rflags: u64, status: Rflags, value: u64) -> Computed {
    Computed {
        value,
        rflags: rflags & !Rflags::STATUS.bits() | status.bits(),
    }
}
