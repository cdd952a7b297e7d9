//! The instructions that kernels use on page tables.

use super::{Operation, PteAccess, Source, Times};
use crate::emulate::address::MemoryOperand;
use crate::emulate::arithmetic::{Arithmetic, BitChange, Step};
use crate::emulate::decoder::{Decoder, ModRm, Operand, Prefixes, Repeat};
use crate::emulate::register::{Register, Width};

/// Decodes an instruction of 64-bit mode that writes to memory. `None` for everything that is not
/// on the list: other instructions, register forms, LOCK and REP where they don't belong, and
/// instructions that the bytes don't hold to their end.
#[inline]
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<PteAccess> {
    let mut decoder = Decoder::new(bytes);
    let (prefixes, opcode) = decoder.prefixes()?;
    if opcode == 0x0f {
        return two_byte(decoder, &prefixes);
    }
    let width = prefixes.width(opcode);
    if matches!(opcode, 0xaa | 0xab) {
        return store_string(&decoder, &prefixes, width);
    }
    if prefixes.repeat != Repeat::None {
        return None;
    }
    let locked = prefixes.lock;
    match opcode {
        0x88 | 0x89 if !locked => {
            let mod_rm = decoder.mod_rm(&prefixes)?;
            let source = prefixes.part(mod_rm.register, width);
            access(
                &decoder,
                mod_rm,
                width,
                Operation::Move(Source::Register(source)),
            )
        }
        0xc6 | 0xc7 if !locked => {
            let mod_rm = decoder.mod_rm(&prefixes)?;
            if mod_rm.extension() != 0 {
                return None;
            }
            let value = decoder.immediate(width)?;
            access(
                &decoder,
                mod_rm,
                width,
                Operation::Move(Source::Immediate(value)),
            )
        }
        0x86 | 0x87 => {
            let mod_rm = decoder.mod_rm(&prefixes)?;
            let part = prefixes.part(mod_rm.register, width);
            access(&decoder, mod_rm, width, Operation::Exchange(part))
        }
        0x00..=0x3f if opcode & 6 == 0 => {
            let arithmetic = Arithmetic::from_encoding(opcode >> 3)?;
            let mod_rm = decoder.mod_rm(&prefixes)?;
            let source = Source::Register(prefixes.part(mod_rm.register, width));
            access(
                &decoder,
                mod_rm,
                width,
                Operation::Compute(arithmetic, source),
            )
        }
        0x80 | 0x81 | 0x83 => {
            let mod_rm = decoder.mod_rm(&prefixes)?;
            let arithmetic = Arithmetic::from_encoding(mod_rm.extension())?;
            let value = if opcode == 0x83 {
                decoder.immediate_byte()
            } else {
                decoder.immediate(width)
            }?;
            let source = Source::Immediate(value);
            access(
                &decoder,
                mod_rm,
                width,
                Operation::Compute(arithmetic, source),
            )
        }
        0xfe | 0xff => {
            let mod_rm = decoder.mod_rm(&prefixes)?;
            let direction = match mod_rm.extension() {
                0 => Step::Increment,
                1 => Step::Decrement,
                _ => return None,
            };
            access(&decoder, mod_rm, width, Operation::Step(direction))
        }
        _ => None,
    }
}

/// What follows 0x0f.
fn two_byte(mut decoder: Decoder<'_>, prefixes: &Prefixes) -> Option<PteAccess> {
    if prefixes.repeat != Repeat::None {
        return None;
    }
    let opcode = decoder.next()?;
    let width = prefixes.width(opcode);
    match opcode {
        0xb0 | 0xb1 | 0xc0 | 0xc1 => {
            let mod_rm = decoder.mod_rm(prefixes)?;
            let part = prefixes.part(mod_rm.register, width);
            let operation = match opcode {
                0xb0 | 0xb1 => Operation::CompareExchange(part),
                _ => Operation::ExchangeAdd(part),
            };
            access(&decoder, mod_rm, width, operation)
        }
        0xab | 0xb3 | 0xbb => {
            let change = BitChange::from_encoding(opcode >> 3 & 7)?;
            let mod_rm = decoder.mod_rm(prefixes)?;
            let offset = Source::Register(prefixes.part(mod_rm.register, width));
            access(&decoder, mod_rm, width, Operation::Bit(change, offset))
        }
        0xba => {
            let width = prefixes.width(1);
            let mod_rm = decoder.mod_rm(prefixes)?;
            let change = BitChange::from_encoding(mod_rm.extension())?;
            let offset = Source::Immediate(decoder.immediate_byte()?);
            access(&decoder, mod_rm, width, Operation::Bit(change, offset))
        }
        0xc3 if prefixes.is_plain() => {
            let mod_rm = decoder.mod_rm(prefixes)?;
            let source = Source::Register(prefixes.part(mod_rm.register, width));
            access(&decoder, mod_rm, width, Operation::Move(source))
        }
        // 0xc7 /1, CMPXCHG8B and CMPXCHG16B, is left out: no kernel writes a 64-bit entry so.
        _ => None,
    }
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

#[inline]
fn access(
    decoder: &Decoder<'_>,
    mod_rm: ModRm,
    width: Width,
    operation: Operation,
) -> Option<PteAccess> {
    match mod_rm.operand {
        Operand::Memory(operand) => Some(PteAccess {
            operation,
            width,
            operand,
            length: decoder.length(),
        }),
        Operand::Register(_) => None,
    }
}
