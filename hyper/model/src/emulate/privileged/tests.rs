//! Decoding compared with iced-x86, and string I/O.

use super::{
    ControlRegister, CpuidForm, FORCED_EMULATION_PREFIX, Instruction, PortOperand, Privileged,
    WordOperand, decode, pair, set_pair,
};
use crate::emulate::register::{Register, Width};
use crate::emulate::testing::{
    BASES, Registers, instruction, prefixes, reference, reference_address, registers,
};
use iced_x86::{Mnemonic, OpKind};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

const OPCODES: &[&[u8]] = &[
    &[0x0f, 0x01],
    &[0x0f, 0x01, 0xd0],
    &[0x0f, 0x01, 0xd1],
    &[0x0f, 0x01, 0xf8],
    &[0x0f, 0x01, 0xf9],
    &[0x0f, 0x06],
    &[0x0f, 0x08],
    &[0x0f, 0x09],
    &[0x0f, 0x20],
    &[0x0f, 0x21],
    &[0x0f, 0x22],
    &[0x0f, 0x23],
    &[0x0f, 0x30],
    &[0x0f, 0x31],
    &[0x0f, 0x32],
    &[0x0f, 0x33],
    &[0x0f, 0xa2],
    &[0x6c],
    &[0x6d],
    &[0x6e],
    &[0x6f],
    &[0xe4],
    &[0xe5],
    &[0xe6],
    &[0xe7],
    &[0xec],
    &[0xed],
    &[0xee],
    &[0xef],
    &[0xf4],
    &[0xfa],
    &[0xfb],
];

/// The mnemonics of an operation.
fn mnemonics(operation: &Privileged) -> &'static [Mnemonic] {
    match operation {
        Privileged::Cpuid(_) => &[Mnemonic::Cpuid],
        Privileged::In { .. } => &[Mnemonic::In],
        Privileged::Out { .. } => &[Mnemonic::Out],
        Privileged::InString(_) => &[Mnemonic::Insb, Mnemonic::Insw, Mnemonic::Insd],
        Privileged::OutString(_) => &[Mnemonic::Outsb, Mnemonic::Outsw, Mnemonic::Outsd],
        Privileged::Cli => &[Mnemonic::Cli],
        Privileged::Sti => &[Mnemonic::Sti],
        Privileged::Hlt => &[Mnemonic::Hlt],
        Privileged::Clts => &[Mnemonic::Clts],
        Privileged::ReadControl { .. }
        | Privileged::WriteControl { .. }
        | Privileged::ReadDebug { .. }
        | Privileged::WriteDebug { .. } => &[Mnemonic::Mov],
        Privileged::Lmsw(_) => &[Mnemonic::Lmsw],
        Privileged::Smsw(_) => &[Mnemonic::Smsw],
        Privileged::Invlpg(_) => &[Mnemonic::Invlpg],
        Privileged::Invd => &[Mnemonic::Invd],
        Privileged::Wbinvd => &[Mnemonic::Wbinvd],
        Privileged::Rdmsr => &[Mnemonic::Rdmsr],
        Privileged::Wrmsr => &[Mnemonic::Wrmsr],
        Privileged::Rdtsc => &[Mnemonic::Rdtsc],
        Privileged::Rdtscp => &[Mnemonic::Rdtscp],
        Privileged::Rdpmc => &[Mnemonic::Rdpmc],
        Privileged::Xgetbv => &[Mnemonic::Xgetbv],
        Privileged::Xsetbv => &[Mnemonic::Xsetbv],
        Privileged::Swapgs => &[Mnemonic::Swapgs],
    }
}

/// Whether iced-x86 found an instruction of the list.
fn is_listed(other: &iced_x86::Instruction) -> bool {
    use Mnemonic as M;
    let special = [other.op0_register(), other.op1_register()];
    match other.mnemonic() {
        M::Mov => special.iter().any(|r| r.is_cr() || r.is_dr()),
        M::Cpuid
        | M::In
        | M::Out
        | M::Insb
        | M::Insw
        | M::Insd
        | M::Outsb
        | M::Outsw
        | M::Outsd
        | M::Cli
        | M::Sti
        | M::Hlt
        | M::Clts
        | M::Lmsw
        | M::Smsw
        | M::Invlpg
        | M::Invd
        | M::Wbinvd
        | M::Rdmsr
        | M::Wrmsr
        | M::Rdtsc
        | M::Rdtscp
        | M::Rdpmc
        | M::Xgetbv
        | M::Xsetbv
        | M::Swapgs => true,
        _ => false,
    }
}

fn control(register: ControlRegister) -> iced_x86::Register {
    match register {
        ControlRegister::Cr0 => iced_x86::Register::CR0,
        ControlRegister::Cr2 => iced_x86::Register::CR2,
        ControlRegister::Cr3 => iced_x86::Register::CR3,
        ControlRegister::Cr4 => iced_x86::Register::CR4,
        ControlRegister::Cr8 => iced_x86::Register::CR8,
    }
}

fn general(register: Register) -> iced_x86::Register {
    iced_x86::Register::RAX + register as u32
}

fn debug(index: u8) -> iced_x86::Register {
    iced_x86::Register::DR0 + u32::from(index)
}

fn accumulator(width: Width) -> iced_x86::Register {
    match width {
        Width::Byte => iced_x86::Register::AL,
        Width::Word => iced_x86::Register::AX,
        Width::Dword | Width::Qword => iced_x86::Register::EAX,
    }
}

fn is_port(port: PortOperand, other: &iced_x86::Instruction, operand: u32) -> bool {
    match port {
        PortOperand::Dx => other.op_register(operand) == iced_x86::Register::DX,
        PortOperand::Immediate(number) => {
            other.op_kind(operand) == OpKind::Immediate8 && other.immediate8() == number
        }
    }
}

proptest! {
    #[test]
    fn what_is_decoded_is_what_iced_decodes(
        bytes in instruction(OPCODES),
        registers in registers(),
    ) {
        let other = reference(&bytes, registers.rip);
        let Some(Instruction { operation, length }) = decode(&bytes) else {
            // Refused on purpose: all prefixes that are not needed.
            let prefixed = prefixes(&bytes).any(|b| matches!(b, 0x66 | 0xf0 | 0xf2 | 0xf3));
            prop_assert!(other.is_invalid() || !is_listed(&other) || prefixed, "{other:?}");
            return Ok(());
        };
        prop_assert!(!other.is_invalid(), "{bytes:x?} {operation:?}");
        prop_assert_eq!(usize::from(length), other.len(), "{:?}", other);
        prop_assert!(mnemonics(&operation).contains(&other.mnemonic()), "{operation:?} {other:?}");
        let register = |index| other.op_register(index);
        match operation {
            Privileged::ReadControl { from, to } => {
                prop_assert_eq!((general(to), control(from)), (register(0), register(1)));
            }
            Privileged::WriteControl { to, from } => {
                prop_assert_eq!((control(to), general(from)), (register(0), register(1)));
            }
            Privileged::ReadDebug { from, to } => {
                prop_assert_eq!((general(to), debug(from)), (register(0), register(1)));
            }
            Privileged::WriteDebug { to, from } => {
                prop_assert_eq!((debug(to), general(from)), (register(0), register(1)));
            }
            Privileged::In { port, width } => {
                prop_assert_eq!(accumulator(width), register(0));
                prop_assert!(is_port(port, &other, 1));
            }
            Privileged::Out { port, width } => {
                prop_assert_eq!(accumulator(width), register(1));
                prop_assert!(is_port(port, &other, 0));
            }
            Privileged::InString(string) | Privileged::OutString(string) => {
                prop_assert_eq!(string.width.bytes(), other.memory_size().size() as u64);
                prop_assert_eq!(string.repeated, other.has_rep_prefix());
                let input = matches!(operation, Privileged::InString(_));
                let expected = reference_address(&other, u32::from(!input), &registers);
                if let Some(found) = string.address(&registers, &BASES) {
                    prop_assert_eq!(found, expected);
                }
            }
            Privileged::Invlpg(memory)
            | Privileged::Lmsw(WordOperand::Memory(memory))
            | Privileged::Smsw(WordOperand::Memory(memory)) => {
                let expected = reference_address(&other, 0, &registers);
                prop_assert_eq!(memory.address(&registers, length, &BASES), expected);
            }
            Privileged::Smsw(WordOperand::Register(part)) => {
                prop_assert_eq!(part.register() as usize, register(0).full_register().number());
                prop_assert_eq!(part.width().bytes(), register(0).size() as u64);
            }
            Privileged::Lmsw(WordOperand::Register(part)) => {
                prop_assert_eq!(part.register() as usize, register(0).full_register().number());
                prop_assert_eq!(part.width(), Width::Word);
            }
            _ => {}
        }
    }

    #[test]
    fn no_bytes_and_no_registers_do_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..24),
        mut registers in registers(),
    ) {
        if let Some(Instruction { operation, length }) = decode(&bytes) {
            prop_assert!((1..=15).contains(&length));
            if let Privileged::InString(string) | Privileged::OutString(string) = operation {
                let _ = string.address(&registers, &BASES);
                string.advance(&mut registers, length);
            }
        }
    }

    #[test]
    fn a_pair_is_written_as_it_is_read(mut registers in registers(), value: u64) {
        set_pair(&mut registers, value);
        prop_assert_eq!(pair(&registers), value);
        prop_assert_eq!((registers.general[0] | registers.general[2]) >> 32, 0);
    }
}

#[test]
fn the_forced_emulation_prefix_goes_with_cpuid_alone() {
    let forced = |tail: &[u8]| decode(&[&FORCED_EMULATION_PREFIX, tail].concat());
    let operation = Privileged::Cpuid(CpuidForm::Forced);
    assert_eq!(
        forced(&[0x0f, 0xa2]),
        Some(Instruction {
            operation,
            length: 7
        })
    );
    for tail in [
        &[0x0f, 0x32][..],
        &[0xf4],
        &[0xf0, 0x0f, 0xa2],
        &[0x0f],
        &[],
    ] {
        assert_eq!(forced(tail), None, "{tail:x?}");
    }
    let operation = Privileged::Cpuid(CpuidForm::Plain);
    assert_eq!(
        decode(&[0x0f, 0xa2]),
        Some(Instruction {
            operation,
            length: 2
        })
    );
    assert_eq!(decode(&FORCED_EMULATION_PREFIX), None);
}

#[test]
fn lock_and_what_is_not_listed_is_refused() {
    let cases: &[&[u8]] = &[
        &[0xf0, 0xf4],
        &[0xf0, 0x0f, 0x20, 0xc0],
        &[0x44, 0x0f, 0x21, 0xc0],
        &[0x0f, 0x20, 0xc8],
        &[0xf3, 0x0f, 0x09],
        &[0x0f, 0x07],
        &[0x48, 0xcf],
        &[0x0f, 0x01, 0x10],
        &[0x0f, 0x00, 0xd8],
        &[0xcc],
        &[0x90],
    ];
    for bytes in cases {
        assert_eq!(decode(bytes), None, "{bytes:x?}");
    }
}

#[test]
fn string_io_is_done_one_iteration_at_a_time() {
    let mut registers = Registers {
        general: [0; 16],
        rip: 0x1000,
        rflags: 0x202,
    };
    registers.general[Register::Rdx as usize] = 0xffff_03f8;
    registers.general[Register::Rcx as usize] = 2;
    registers.general[Register::Rsi as usize] = 0x2000;
    let Some(Instruction {
        operation: Privileged::OutString(string),
        length,
    }) = decode(&[0xf3, 0x66, 0x6f])
    else {
        panic!("rep outsw");
    };
    assert_eq!(
        (string.port(&registers), string.width()),
        (0x3f8, Width::Word)
    );
    for (address, rip) in [(0x2000, 0x1000), (0x2002, 0x1003)] {
        assert_eq!(string.address(&registers, &BASES), Some(address));
        string.advance(&mut registers, length);
        assert_eq!(registers.rip, rip);
    }
    assert_eq!(string.address(&registers, &BASES), None);
}
