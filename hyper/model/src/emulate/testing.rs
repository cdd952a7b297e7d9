//! What the tests of the decoders share.

use super::SegmentBases;
use super::flags::Rflags;
use super::register::{Register, RegisterFile};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

pub(super) const BASES: SegmentBases = SegmentBases {
    fs: 0x1234_5678,
    gs: 0xffff_c000_0000_1000,
};

/// A plain register file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registers {
    pub(super) general: [u64; 16],
    pub(super) rip: u64,
    pub(super) rflags: u64,
}

impl RegisterFile for Registers {
    fn get(&self, register: Register) -> u64 {
        self.general[register as usize]
    }

    fn set(&mut self, register: Register, value: u64) {
        self.general[register as usize] = value;
    }

    fn rip(&self) -> u64 {
        self.rip
    }

    fn set_rip(&mut self, value: u64) {
        self.rip = value;
    }

    fn rflags(&self) -> u64 {
        self.rflags
    }

    fn set_rflags(&mut self, value: u64) {
        self.rflags = value;
    }
}

pub(super) fn registers() -> impl Strategy<Value = Registers> {
    (any::<[u64; 16]>(), any::<u64>(), any::<u64>()).prop_map(|(general, rip, flags)| Registers {
        general,
        rip,
        rflags: flags & Rflags::GUEST.bits() | 0x202,
    })
}

/// Bytes that often are an instruction with one of these opcodes, behind prefixes.
pub(super) fn instruction(opcodes: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let prefix = prop_oneof![
        4 => Just(vec![]),
        4 => (0x40_u8..0x50).prop_map(|rex| vec![rex]),
        2 => proptest::collection::vec(
            proptest::sample::select(vec![
                0x26_u8, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x48, 0x4f,
            ]),
            0..4,
        ),
        1 => Just(vec![0xf0]),
        1 => Just(vec![0xf0, 0x48]),
    ];
    let opcode = prop_oneof![
        8 => proptest::sample::select(opcodes).prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => any::<u8>().prop_map(|byte| vec![0x0f, byte]),
    ];
    (prefix, opcode, any::<[u8; 11]>(), 0_usize..12).prop_map(|(prefix, opcode, tail, length)| {
        let mut bytes = [prefix, opcode].concat();
        bytes.extend(tail.iter().take(length));
        bytes
    })
}

/// What iced-x86 makes of the bytes.
pub(super) fn reference(bytes: &[u8], rip: u64) -> iced_x86::Instruction {
    iced_x86::Decoder::with_ip(64, bytes, rip, iced_x86::DecoderOptions::NONE).decode()
}

/// The linear address of a memory operand by iced-x86.
pub(super) fn reference_address(
    instruction: &iced_x86::Instruction,
    operand: u32,
    registers: &Registers,
) -> u64 {
    let value = |register: iced_x86::Register, _, _| {
        Some(match register {
            iced_x86::Register::FS => BASES.fs,
            iced_x86::Register::GS => BASES.gs,
            segment if segment.is_segment_register() => 0,
            general => {
                let full = registers.general[general.full_register().number()];
                if general.size() == 4 {
                    full & 0xffff_ffff
                } else {
                    full
                }
            }
        })
    };
    instruction
        .virtual_address(operand, 0, value)
        .expect("an address")
}

/// The last of the prefixes 0xf2 and 0xf3.
pub(super) fn repeat_prefix(bytes: &[u8]) -> Option<u8> {
    prefixes(bytes)
        .filter(|byte| matches!(byte, 0xf2 | 0xf3))
        .last()
}

/// The prefixes, REX among them.
pub(super) fn prefixes(bytes: &[u8]) -> impl Iterator<Item = u8> {
    const LEGACY: [u8; 11] = [
        0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
    ];
    let is_prefix = |byte: &u8| LEGACY.contains(byte) || byte & 0xf0 == 0x40;
    bytes.iter().copied().take_while(is_prefix)
}
