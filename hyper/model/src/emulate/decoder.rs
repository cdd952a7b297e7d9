//! Prefixes, ModRM and immediates of 64-bit mode.
//!
//! SDM vol. 2, chapter 2. Nothing is decoded twice and nothing beyond the bytes given.

use super::address::{Base, MemoryOperand, Segment};
use super::register::{Register, RegisterPart, Width};

/// The longest instruction that the processor takes, in bytes.
pub const MAX_INSTRUCTION_BYTES: usize = 15;

/// Prefix 0xf2 or 0xf3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    None,
    /// 0xf2.
    WhileNotEqual,
    /// 0xf3.
    WhileEqual,
}

/// The two forms of most instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// On bytes.
    Byte,
    /// On words, dwords or quadwords, as prefixes say.
    Full,
}

impl Form {
    /// The form that an opcode's lowest bit names.
    pub(super) const fn of(opcode: u8) -> Self {
        if opcode & 1 == 0 {
            Self::Byte
        } else {
            Self::Full
        }
    }
}

/// The prefixes of one instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    /// The REX prefix, or 0.
    rex: u8,
    /// 0x66.
    pub(super) operand_size: bool,
    /// 0x67.
    pub(super) address_size: bool,
    /// 0xf0.
    pub(super) lock: bool,
    pub(super) repeat: Repeat,
    pub(super) segment: Option<Segment>,
}

impl Prefixes {
    /// Whether REX.W asks for 64 bits.
    pub(super) const fn wide(&self) -> bool {
        self.rex & 8 != 0
    }

    /// Whether there is a REX prefix, which turns AH..BH into SPL..DIL.
    pub(super) const fn has_rex(&self) -> bool {
        self.rex != 0
    }

    /// Whether any of 0x66, 0xf2, 0xf3 and LOCK is there.
    pub(super) const fn is_plain(&self) -> bool {
        !self.operand_size && !self.lock && matches!(self.repeat, Repeat::None)
    }

    /// The operand size of an instruction that has a form for bytes and one for the others.
    pub(super) const fn width(&self, form: Form) -> Width {
        match form {
            Form::Byte => Width::Byte,
            Form::Full if self.wide() => Width::Qword,
            Form::Full if self.operand_size => Width::Word,
            Form::Full => Width::Dword,
        }
    }

    /// The general register that a REX-extended field names.
    pub(super) const fn part(&self, encoding: u8, width: Width) -> RegisterPart {
        RegisterPart::decode(encoding, width, self.has_rex())
    }
}

/// What ModRM's `rm` field names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    /// A register's encoding, 0..=15.
    Register(u8),
    Memory(MemoryOperand),
}

/// A decoded ModRM byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModRm {
    /// The byte itself.
    pub(super) byte: u8,
    /// The `reg` field with REX.R, 0..=15.
    pub(super) register: u8,
    pub(super) operand: Operand,
}

impl ModRm {
    /// The `reg` field where it extends the opcode, 0..=7.
    pub(super) const fn extension(&self) -> u8 {
        self.byte >> 3 & 7
    }
}

/// A cursor over an instruction's bytes.
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
    /// Bytes taken: never more than [`MAX_INSTRUCTION_BYTES`].
    taken: u8,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes: bytes.get(..MAX_INSTRUCTION_BYTES).unwrap_or(bytes),
            taken: 0,
        }
    }

    /// The bytes taken so far.
    pub(super) const fn length(&self) -> u8 {
        self.taken
    }

    /// The next byte.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(usize::from(self.taken))?;
        self.taken += 1;
        Some(byte)
    }

    /// Takes `expected` if it comes next.
    pub(super) fn take(&mut self, expected: &[u8]) -> bool {
        let rest = self
            .bytes
            .get(usize::from(self.taken)..)
            .unwrap_or_default();
        let found = rest.starts_with(expected);
        if found {
            self.taken += u8::try_from(expected.len()).unwrap_or(0);
        }
        found
    }

    /// The prefixes, and the first byte of the opcode behind them.
    #[inline(always)]
    pub(super) fn prefixes(&mut self) -> Option<(Prefixes, u8)> {
        let mut prefixes = Prefixes {
            rex: 0,
            operand_size: false,
            address_size: false,
            lock: false,
            repeat: Repeat::None,
            segment: None,
        };
        loop {
            let byte = self.next()?;
            if byte & 0xf0 == 0x40 {
                prefixes.rex = byte;
                continue;
            }
            match byte {
                // ES, CS, SS, DS: no effect in 64-bit mode, also not on an earlier FS or GS.
                0x26 | 0x2e | 0x36 | 0x3e => {}
                0x64 => prefixes.segment = Some(Segment::Fs),
                0x65 => prefixes.segment = Some(Segment::Gs),
                0x66 => prefixes.operand_size = true,
                0x67 => prefixes.address_size = true,
                0xf0 => prefixes.lock = true,
                0xf2 => prefixes.repeat = Repeat::WhileNotEqual,
                0xf3 => prefixes.repeat = Repeat::WhileEqual,
                opcode => return Some((prefixes, opcode)),
            }
            // REX counts only directly before the opcode.
            prefixes.rex = 0;
        }
    }

    /// ModRM with the SIB byte and displacement that belong to it.
    #[inline(always)]
    pub(super) fn mod_rm(&mut self, prefixes: &Prefixes) -> Option<ModRm> {
        let byte = self.next()?;
        let mode = byte >> 6;
        let low = byte & 7;
        let rex_r = prefixes.rex << 1 & 8;
        let rex_x = prefixes.rex << 2 & 8;
        let rex_b = prefixes.rex << 3 & 8;
        let register = byte >> 3 & 7 | rex_r;
        if mode == 3 {
            return Some(ModRm {
                byte,
                register,
                operand: Operand::Register(low | rex_b),
            });
        }
        let mut index = None;
        let (base, no_base) = if low == 4 {
            let sib = self.next()?;
            let encoding = sib >> 3 & 7 | rex_x;
            if encoding != 4 {
                index = Some((Register::from_encoding(encoding), sib >> 6));
            }
            let base = sib & 7;
            (base | rex_b, (mode == 0 && base == 5).then_some(Base::None))
        } else {
            (
                low | rex_b,
                (mode == 0 && low == 5).then_some(Base::NextInstruction),
            )
        };
        let displacement = match mode {
            1 => i32::from(self.next()?.cast_signed()),
            0 if no_base.is_none() => 0,
            _ => self.dword()?,
        };
        let memory = MemoryOperand {
            base: no_base.unwrap_or(Base::Register(Register::from_encoding(base))),
            index,
            displacement,
            segment: prefixes.segment,
            short: prefixes.address_size,
        };
        Some(ModRm {
            byte,
            register,
            operand: Operand::Memory(memory),
        })
    }

    /// ModRM of MOV to and from special registers: the special register's number, 0..=15, and the
    /// general register. The `mod` field is ignored (SDM vol. 2, MOV).
    pub(super) fn register_fields(&mut self, prefixes: &Prefixes) -> Option<(u8, Register)> {
        let byte = self.next()?;
        let special = byte >> 3 & 7 | prefixes.rex << 1 & 8;
        let general = byte & 7 | prefixes.rex << 3 & 8;
        Some((special, Register::from_encoding(general)))
    }

    /// A sign-extended byte.
    pub(super) fn immediate_byte(&mut self) -> Option<u64> {
        Some(i64::from(self.next()?.cast_signed()).cast_unsigned())
    }

    /// An immediate of an instruction of this width, sign-extended; 64-bit ones have 32 bits of it.
    pub(super) fn immediate(&mut self, width: Width) -> Option<u64> {
        match width {
            Width::Byte => self.immediate_byte(),
            Width::Word => {
                let value = i16::from_le_bytes([self.next()?, self.next()?]);
                Some(i64::from(value).cast_unsigned())
            }
            Width::Dword | Width::Qword => Some(i64::from(self.dword()?).cast_unsigned()),
        }
    }

    fn dword(&mut self) -> Option<i32> {
        Some(i32::from_le_bytes([
            self.next()?,
            self.next()?,
            self.next()?,
            self.next()?,
        ]))
    }
}
