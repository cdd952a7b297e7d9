//! The closed list.

use super::{
    ControlRegister, CpuidForm, FORCED_EMULATION_PREFIX, Instruction, PortOperand, Privileged,
    StringIo, WordOperand,
};
use crate::emulate::address::MemoryOperand;
use crate::emulate::decoder::{Decoder, Form, Operand, Prefixes, Repeat};
use crate::emulate::register::{Register, RegisterPart, Width};

/// Decodes a privileged instruction of 64-bit mode. `None` for everything that is not on the list,
/// for LOCK (which is a #UD with all of them), and for bytes that end too early: the guest gets the
/// exception that brought it here.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Instruction> {
    let mut decoder = Decoder::new(bytes);
    let forced = decoder.take(&FORCED_EMULATION_PREFIX);
    let (prefixes, opcode) = decoder.prefixes()?;
    if prefixes.lock {
        return None;
    }
    let operation = match opcode {
        0x6c..=0x6f | 0xe4..=0xe7 | 0xec..=0xef => port_io(&mut decoder, &prefixes, opcode),
        _ if prefixes.repeat != Repeat::None => None,
        0x0f => two_byte(&mut decoder, &prefixes),
        _ if prefixes.operand_size => None,
        0xf4 => Some(Privileged::Hlt),
        0xfa => Some(Privileged::Cli),
        0xfb => Some(Privileged::Sti),
        _ => None,
    }?;
    let operation = match (operation, forced) {
        (Privileged::Cpuid(_), true) => Privileged::Cpuid(CpuidForm::Forced),
        (_, true) => return None,
        (operation, false) => operation,
    };
    Some(Instruction {
        operation,
        length: decoder.length(),
    })
}

fn port_io(decoder: &mut Decoder<'_>, prefixes: &Prefixes, opcode: u8) -> Option<Privileged> {
    // There is no 64-bit port I/O, but REX.W overrides the operand-size prefix here too.
    let width = prefixes.width(Form::of(opcode)).min(Width::Dword);
    if let 0x6c..=0x6f = opcode {
        let repeated = match prefixes.repeat {
            Repeat::None => false,
            Repeat::WhileEqual => true,
            Repeat::WhileNotEqual => return None,
        };
        let string = |pointer, segment| StringIo {
            width,
            memory: MemoryOperand::at(pointer, segment, prefixes.address_size),
            repeated,
        };
        return Some(match opcode {
            0x6c | 0x6d => Privileged::InString(string(Register::Rdi, None)),
            _ => Privileged::OutString(string(Register::Rsi, prefixes.segment)),
        });
    }
    if prefixes.repeat != Repeat::None {
        return None;
    }
    let port = match opcode {
        0xe4..=0xe7 => PortOperand::Immediate(decoder.next()?),
        _ => PortOperand::Dx,
    };
    Some(match opcode & 2 {
        0 => Privileged::In { port, width },
        _ => Privileged::Out { port, width },
    })
}

/// What follows 0x0f.
fn two_byte(decoder: &mut Decoder<'_>, prefixes: &Prefixes) -> Option<Privileged> {
    let opcode = decoder.next()?;
    if opcode == 0x01 {
        return group_7(decoder, prefixes);
    }
    if prefixes.operand_size {
        return None;
    }
    Some(match opcode {
        0x06 => Privileged::Clts,
        0x08 => Privileged::Invd,
        0x09 => Privileged::Wbinvd,
        0x20..=0x23 => return special_register(decoder, prefixes, opcode),
        0x30 => Privileged::Wrmsr,
        0x31 => Privileged::Rdtsc,
        0x32 => Privileged::Rdmsr,
        0x33 => Privileged::Rdpmc,
        0xa2 => Privileged::Cpuid(CpuidForm::Plain),
        _ => return None,
    })
}

/// MOV to and from control and debug registers.
fn special_register(
    decoder: &mut Decoder<'_>,
    prefixes: &Prefixes,
    opcode: u8,
) -> Option<Privileged> {
    let (special, general) = decoder.register_fields(prefixes)?;
    if opcode & 1 == 1 {
        return match (opcode, special) {
            (_, 8..) => None,
            (0x21, from) => Some(Privileged::ReadDebug { from, to: general }),
            (_, to) => Some(Privileged::WriteDebug { to, from: general }),
        };
    }
    let special = match special {
        0 => ControlRegister::Cr0,
        2 => ControlRegister::Cr2,
        3 => ControlRegister::Cr3,
        4 => ControlRegister::Cr4,
        8 => ControlRegister::Cr8,
        _ => return None,
    };
    Some(match opcode {
        0x20 => Privileged::ReadControl {
            from: special,
            to: general,
        },
        _ => Privileged::WriteControl {
            to: special,
            from: general,
        },
    })
}

/// What follows 0x0f 0x01.
fn group_7(decoder: &mut Decoder<'_>, prefixes: &Prefixes) -> Option<Privileged> {
    let mod_rm = decoder.mod_rm(prefixes)?;
    if prefixes.operand_size && mod_rm.extension() != 4 {
        return None;
    }
    let word = match mod_rm.operand {
        Operand::Register(encoding) => {
            let width = if mod_rm.extension() == 4 {
                prefixes.width(Form::Full)
            } else {
                Width::Word
            };
            WordOperand::Register(RegisterPart::low(Register::from_encoding(encoding), width))
        }
        Operand::Memory(memory) => WordOperand::Memory(memory),
    };
    match (mod_rm.byte, mod_rm.extension(), word) {
        (_, 4, _) => Some(Privileged::Smsw(word)),
        (_, 6, _) => Some(Privileged::Lmsw(word)),
        (_, 7, WordOperand::Memory(memory)) => Some(Privileged::Invlpg(memory)),
        (0xd0, ..) => Some(Privileged::Xgetbv),
        (0xd1, ..) => Some(Privileged::Xsetbv),
        (0xf8, ..) => Some(Privileged::Swapgs),
        (0xf9, ..) => Some(Privileged::Rdtscp),
        _ => None,
    }
}
