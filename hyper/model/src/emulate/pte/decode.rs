//! The instructions that kernels use on page tables.

use super::{Operation, PteAccess, Source, Times};
use crate::emulate::address::MemoryOperand;
use crate::emulate::arithmetic::{Arithmetic, BitChange, Step};
use crate::emulate::decoder::{Decoder, Form, Operand, Prefixes, Repeat};
use crate::emulate::register::{Register, Width};

/// The first byte of the two-byte opcodes, as the upper byte of ours.
const TWO_BYTE: u16 = 0x0f00;

/// Decodes an instruction of 64-bit mode that writes to memory. `None` for everything that is not
/// on the list: other instructions, register forms, LOCK and REP where they don't belong, and
/// instructions that the bytes don't hold to their end.
#[inline]
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<PteAccess> {
    let mut decoder = Decoder::new(bytes);
    let (prefixes, first) = decoder.prefixes()?;
    let last = if first == 0x0f {
        decoder.next()?
    } else {
        first
    };
    let opcode = u16::from(last) | if first == 0x0f { TWO_BYTE } else { 0 };
    let mut width = prefixes.width(Form::of(last));
    if matches!(opcode, 0xaa | 0xab) {
        return store_string(&decoder, &prefixes, width);
    }
    if prefixes.repeat != Repeat::None {
        return None;
    }
    // All others of the list have a ModRM byte; on what is not, it does no harm.
    let mod_rm = decoder.mod_rm(&prefixes)?;
    let Operand::Memory(operand) = mod_rm.operand else {
        return None;
    };
    let part = prefixes.part(mod_rm.register, width);
    let register = Source::Register(part);
    let operation = match opcode {
        0x88 | 0x89 if !prefixes.lock => Operation::Move(register),
        0xc6 | 0xc7 if !prefixes.lock && mod_rm.extension() == 0 => {
            Operation::Move(Source::Immediate(decoder.immediate(width)?))
        }
        0x86 | 0x87 => Operation::Exchange(part),
        0x0fb0 | 0x0fb1 => Operation::CompareExchange(part),
        0x00..=0x3f if opcode & 6 == 0 => {
            Operation::Compute(Arithmetic::from_encoding(last >> 3 & 7)?, register)
        }
        0x80 | 0x81 | 0x83 => {
            let arithmetic = Arithmetic::from_encoding(mod_rm.extension())?;
            let value = if opcode == 0x83 {
                decoder.immediate_byte()
            } else {
                decoder.immediate(width)
            };
            Operation::Compute(arithmetic, Source::Immediate(value?))
        }
        0x0fab | 0x0fb3 | 0x0fbb => {
            Operation::Bit(BitChange::from_encoding(last >> 3 & 7)?, register)
        }
        0x0fba => {
            width = prefixes.width(Form::Full);
            let change = BitChange::from_encoding(mod_rm.extension())?;
            Operation::Bit(change, Source::Immediate(decoder.immediate_byte()?))
        }
        0xfe | 0xff => Operation::Step(Step::from_encoding(mod_rm.extension())?),
        0x0fc0 | 0x0fc1 => Operation::ExchangeAdd(part),
        0x0fc3 if prefixes.is_plain() => Operation::Move(register),
        // 0x0fc7 /1, CMPXCHG8B and CMPXCHG16B, is left out: no kernel writes a 64-bit entry so.
        _ => return None,
    };
    Some(PteAccess {
        operation,
        width,
        operand,
        length: decoder.length(),
    })
}

fn store_string(decoder: &Decoder<'_>, prefixes: &Prefixes, width: Width) -> Option<PteAccess> {
    let times = match prefixes.repeat {
        Repeat::None => Times::Once,
        Repeat::WhileEqual => Times::Counted,
        Repeat::WhileNotEqual => return None,
    };
    if prefixes.lock {
        return None;
    }
    Some(PteAccess {
        operation: Operation::StoreString(times),
        width,
        // The target's segment is ES, whatever prefix there is.
        operand: MemoryOperand::at(Register::Rdi, None, prefixes.address_size),
        length: decoder.length(),
    })
}
