//! Writes to page tables.
//!
//! A guest maps its page tables read-only. A kernel that writes to one all the same, as if it were
//! on bare hardware, takes a page fault, and the write is carried out for it: this module says
//! which entry would get which value, the page-type rules say whether it may.
//!
//! The caller's part, for a write fault of a 64-bit guest kernel:
//! 1. fetch the instruction's bytes at RIP, once, and [`decode()`] them;
//! 2. compare [`PteAccess::address`] with CR2: another address, and the fault is the guest's;
//! 3. read the entry and [`PteAccess::apply`] the write to it;
//! 4. have the [`Store`] checked and done atomically; where the entry no longer holds what was read,
//!    go back to 3, or to the guest, which executes the instruction again;
//! 5. [`Outcome::commit`] the registers.
//!
//! What is not decoded, straddles entries or does not write is the guest's own fault.

mod decode;

#[cfg(test)]
mod tests;

use super::address::{MemoryOperand, SegmentBases};
use super::arithmetic::{Arithmetic, BitChange, Step, step};
use super::flags::Rflags;
use super::register::{Register, RegisterFile, RegisterPart, Width, step_over};

pub use decode::decode;

/// An instruction that writes to memory, as far as page tables need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PteAccess {
    operation: Operation,
    width: Width,
    operand: MemoryOperand,
    /// In bytes.
    length: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Register(RegisterPart),
    /// Sign-extended to 64 bits.
    Immediate(u64),
}

impl Source {
    fn read(self, registers: &impl RegisterFile) -> u64 {
        match self {
            Self::Register(part) => part.read(registers),
            Self::Immediate(value) => value,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    /// MOV, MOVNTI.
    Move(Source),
    /// XCHG.
    Exchange(RegisterPart),
    /// CMPXCHG.
    CompareExchange(RegisterPart),
    /// XADD.
    ExchangeAdd(RegisterPart),
    /// ADD, OR, AND, SUB, XOR.
    Compute(Arithmetic, Source),
    /// INC, DEC.
    Step(Step),
    /// BTS, BTR, BTC.
    Bit(BitChange, Source),
    /// STOS.
    StoreString(Times),
}

/// Whether a string instruction is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    /// By REP: RCX counts.
    Counted,
}

/// What becomes of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The whole entry becomes this, whatever it held.
    Overwrite(u64),
    /// The entry becomes `new` if it still holds `expected`: else the outcome is void.
    Replace {
        /// The entry's value from which the outcome was computed.
        expected: u64,
        /// Its new value.
        new: u64,
    },
    /// The entry keeps its value: a compare-exchange that found another one.
    Keep,
}

/// The effects of a write, nothing of which has happened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// What to do with the entry.
    pub store: Store,
    /// A general register's new value.
    result: Option<(Register, u64)>,
    rflags: u64,
    /// RCX after an iteration of a repeated instruction.
    count: Option<u64>,
    /// 0 where the instruction goes on.
    length: u8,
}

impl Outcome {
    /// Writes registers, RFLAGS and RIP. A guest that single-steps is then due a #DB.
    pub fn commit(self, registers: &mut impl RegisterFile) {
        if let Some((register, value)) = self.result {
            registers.set(register, value);
        }
        if let Some(count) = self.count {
            registers.set(Register::Rcx, count);
        }
        registers.set_rflags(self.rflags);
        step_over(registers, self.length);
    }
}

impl PteAccess {
    /// The instruction's length in bytes, 2..=15.
    #[must_use]
    pub const fn length(&self) -> u8 {
        self.length
    }

    /// How much of the entry is written.
    #[must_use]
    pub const fn width(&self) -> Width {
        self.width
    }

    /// Whether [`address`](Self::address) depends on the segment bases.
    #[must_use]
    pub const fn uses_segment_base(&self) -> bool {
        self.operand.segment.is_some()
    }

    /// The linear address of the first byte that is written, to be compared with CR2.
    #[must_use]
    pub fn address(&self, registers: &impl RegisterFile, bases: &SegmentBases) -> u64 {
        let offset = self.operand.offset(registers, self.length);
        let distance = match self.operation {
            Operation::Bit(_, Source::Register(part)) => self.bit_distance(part, registers),
            _ => 0,
        };
        self.operand
            .linear(self.operand.cut(offset.wrapping_add(distance)), bases)
    }

    /// How far from the operand the bit's unit lies, in bytes: a bit offset in a register is signed
    /// and not cut to the width (SDM vol. 2, 3.1.1.9).
    fn bit_distance(&self, part: RegisterPart, registers: &impl RegisterFile) -> u64 {
        let unused = 64 - self.width.bits();
        let offset = (part.read(registers) << unused).cast_signed() >> unused;
        let units = offset >> self.width.bits().trailing_zeros();
        units.cast_unsigned().wrapping_mul(self.width.bytes())
    }

    /// The effects of the write to `address` (from [`address`](Self::address)) on an entry that
    /// holds `old`, or `None` for a write that is not naturally aligned, or of zero iterations.
    #[inline]
    pub fn apply(&self, address: u64, old: u64, registers: &impl RegisterFile) -> Option<Outcome> {
        if address & (self.width.bytes() - 1) != 0 {
            return None;
        }
        let rflags = registers.rflags();
        let mut outcome = Outcome {
            store: Store::Keep,
            result: None,
            rflags,
            count: None,
            length: self.length,
        };
        if let (Width::Qword, Operation::Move(source)) = (self.width, self.operation) {
            outcome.store = Store::Overwrite(source.read(registers));
            return Some(outcome);
        }
        let shift = (address & 7) * 8;
        let mask = self.width.mask();
        let operand = old >> shift & mask;
        let value = match self.operation {
            Operation::Move(source) => source.read(registers),
            Operation::Exchange(part) => {
                outcome.result = Some(load(part, operand, registers));
                part.read(registers)
            }
            Operation::CompareExchange(part) => {
                let accumulator = RegisterPart::low(Register::Rax, self.width);
                let compared = Arithmetic::Sub.compute(
                    self.width,
                    accumulator.read(registers),
                    operand,
                    rflags,
                );
                outcome.rflags = compared.rflags;
                if compared.value != 0 {
                    outcome.result = Some(load(accumulator, operand, registers));
                    return Some(outcome);
                }
                part.read(registers)
            }
            Operation::ExchangeAdd(part) => {
                let addend = part.read(registers);
                let sum = Arithmetic::Add.compute(self.width, operand, addend, rflags);
                outcome.result = Some(load(part, operand, registers));
                outcome.rflags = sum.rflags;
                sum.value
            }
            Operation::Compute(arithmetic, source) => {
                let computed =
                    arithmetic.compute(self.width, operand, source.read(registers), rflags);
                outcome.rflags = computed.rflags;
                computed.value
            }
            Operation::Step(direction) => {
                let computed = step(self.width, operand, direction, rflags);
                outcome.rflags = computed.rflags;
                computed.value
            }
            Operation::Bit(change, source) => {
                let computed = change.compute(self.width, operand, source.read(registers), rflags);
                outcome.rflags = computed.rflags;
                computed.value
            }
            Operation::StoreString(times) => {
                self.advance_string(times, registers, &mut outcome)?;
                registers.get(Register::Rax)
            }
        };
        let new = old & !(mask << shift) | (value & mask) << shift;
        outcome.store = match (self.width, self.operation) {
            (Width::Qword, Operation::StoreString(_)) => Store::Overwrite(new),
            _ => Store::Replace { expected: old, new },
        };
        Some(outcome)
    }

    /// One iteration of STOS; `None` where RCX asks for none.
    fn advance_string(
        &self,
        times: Times,
        registers: &impl RegisterFile,
        outcome: &mut Outcome,
    ) -> Option<()> {
        let size = self.width.bytes();
        let down = registers.rflags() & Rflags::DF.bits() != 0;
        let distance = if down { size.wrapping_neg() } else { size };
        let target = registers.get(Register::Rdi).wrapping_add(distance);
        outcome.result = Some((Register::Rdi, self.operand.cut(target)));
        if times == Times::Counted {
            let left = self
                .operand
                .cut(registers.get(Register::Rcx))
                .checked_sub(1)?;
            outcome.count = Some(left);
            if left != 0 {
                outcome.length = 0;
            }
        }
        Some(())
    }
}

/// The register write of a load into `part`.
fn load(part: RegisterPart, value: u64, registers: &impl RegisterFile) -> (Register, u64) {
    (
        part.register(),
        part.merge(registers.get(part.register()), value),
    )
}
