//! Decoding compared with iced-x86; effects that native execution can't show.

use super::{Operation, Outcome, PteAccess, Source, Store, decode};
use crate::emulate::register::{Register, RegisterFile, RegisterPart, Width};
use crate::emulate::testing::{
    BASES, Registers, instruction, reference, reference_address, registers, repeat_prefix,
};
use iced_x86::{Code, Mnemonic, OpKind};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

const OPCODES: &[&[u8]] = &[
    &[0x00],
    &[0x01],
    &[0x08],
    &[0x09],
    &[0x20],
    &[0x21],
    &[0x28],
    &[0x29],
    &[0x30],
    &[0x31],
    &[0x80],
    &[0x81],
    &[0x83],
    &[0x86],
    &[0x87],
    &[0x88],
    &[0x89],
    &[0xaa],
    &[0xab],
    &[0xc6],
    &[0xc7],
    &[0xfe],
    &[0xff],
    &[0x0f, 0xab],
    &[0x0f, 0xb0],
    &[0x0f, 0xb1],
    &[0x0f, 0xb3],
    &[0x0f, 0xba],
    &[0x0f, 0xbb],
    &[0x0f, 0xc0],
    &[0x0f, 0xc1],
    &[0x0f, 0xc3],
    &[0x0f, 0xc7],
];

/// The mnemonics of the list.
const LISTED: &[Mnemonic] = &[
    Mnemonic::Mov,
    Mnemonic::Movnti,
    Mnemonic::Xchg,
    Mnemonic::Cmpxchg,
    Mnemonic::Xadd,
    Mnemonic::Add,
    Mnemonic::Or,
    Mnemonic::And,
    Mnemonic::Sub,
    Mnemonic::Xor,
    Mnemonic::Inc,
    Mnemonic::Dec,
    Mnemonic::Bts,
    Mnemonic::Btr,
    Mnemonic::Btc,
    Mnemonic::Stosb,
    Mnemonic::Stosw,
    Mnemonic::Stosd,
    Mnemonic::Stosq,
];

fn mnemonic(access: &PteAccess, non_temporal: bool) -> Mnemonic {
    use crate::emulate::arithmetic::{Arithmetic, BitChange, Step};
    match access.operation {
        Operation::Move(_) if non_temporal => Mnemonic::Movnti,
        Operation::Move(_) => Mnemonic::Mov,
        Operation::Exchange(_) => Mnemonic::Xchg,
        Operation::CompareExchange(_) => Mnemonic::Cmpxchg,
        Operation::ExchangeAdd(_) => Mnemonic::Xadd,
        Operation::Compute(Arithmetic::Add, _) => Mnemonic::Add,
        Operation::Compute(Arithmetic::Or, _) => Mnemonic::Or,
        Operation::Compute(Arithmetic::And, _) => Mnemonic::And,
        Operation::Compute(Arithmetic::Sub, _) => Mnemonic::Sub,
        Operation::Compute(Arithmetic::Xor, _) => Mnemonic::Xor,
        Operation::Step(Step::Increment) => Mnemonic::Inc,
        Operation::Step(Step::Decrement) => Mnemonic::Dec,
        Operation::Bit(BitChange::Set, _) => Mnemonic::Bts,
        Operation::Bit(BitChange::Reset, _) => Mnemonic::Btr,
        Operation::Bit(BitChange::Complement, _) => Mnemonic::Btc,
        Operation::StoreString(_) => match access.width {
            Width::Byte => Mnemonic::Stosb,
            Width::Word => Mnemonic::Stosw,
            Width::Dword => Mnemonic::Stosd,
            Width::Qword => Mnemonic::Stosq,
        },
    }
}

fn source(access: &PteAccess) -> Option<Source> {
    match access.operation {
        Operation::Move(source) | Operation::Compute(_, source) | Operation::Bit(_, source) => {
            Some(source)
        }
        Operation::Exchange(part)
        | Operation::CompareExchange(part)
        | Operation::ExchangeAdd(part) => Some(Source::Register(part)),
        Operation::Step(_) | Operation::StoreString(_) => None,
    }
}

fn same_register(part: RegisterPart, other: iced_x86::Register) -> bool {
    use iced_x86::Register as Iced;
    part.register() as usize == other.full_register().number()
        && part.width().bytes() == other.size() as u64
        && part.is_high_byte() == matches!(other, Iced::AH | Iced::BH | Iced::CH | Iced::DH)
}

/// Whether iced-x86 found a write to memory that is on the list.
fn is_listed(other: &iced_x86::Instruction) -> bool {
    !other.is_invalid()
        && LISTED.contains(&other.mnemonic())
        && (other.op0_kind() == OpKind::Memory || other.is_string_instruction())
}

/// Whether the form is left out all the same: moves of segment registers or to an absolute address,
/// and REP but for STOS, hints of lock elision among them.
fn is_refused(bytes: &[u8], other: &iced_x86::Instruction) -> bool {
    let repeat = repeat_prefix(bytes);
    match other.code() {
        Code::Mov_rm16_Sreg | Code::Mov_r32m16_Sreg | Code::Mov_r64m16_Sreg => true,
        Code::Mov_moffs8_AL
        | Code::Mov_moffs16_AX
        | Code::Mov_moffs32_EAX
        | Code::Mov_moffs64_RAX => true,
        _ if other.is_string_instruction() => repeat == Some(0xf2),
        _ => repeat.is_some(),
    }
}

proptest! {
    #[test]
    fn what_is_decoded_is_what_iced_decodes(
        bytes in instruction(OPCODES),
        registers in registers(),
    ) {
        let other = reference(&bytes, registers.rip);
        let Some(access) = decode(&bytes) else {
            prop_assert!(!is_listed(&other) || is_refused(&bytes, &other), "{other:?}");
            return Ok(());
        };
        prop_assert!(!other.is_invalid(), "{bytes:x?} {access:?}");
        prop_assert_eq!(usize::from(access.length()), other.len());
        let non_temporal = other.mnemonic() == Mnemonic::Movnti;
        prop_assert_eq!(mnemonic(&access, non_temporal), other.mnemonic());
        let size = other.memory_size().info().size() as u64;
        prop_assert_eq!(access.width().bytes(), size, "{:?}", other);
        let offset = access.operand.address(&registers, access.length(), &BASES);
        prop_assert_eq!(offset, reference_address(&other, 0, &registers), "{:?}", other);
        match source(&access) {
            None => {}
            Some(Source::Register(part)) => {
                prop_assert!(same_register(part, other.op1_register()), "{other:?} {part:?}");
            }
            Some(Source::Immediate(value)) => {
                let mask = access.width().mask();
                prop_assert_eq!(value & mask & 0xff, other.immediate(1) & mask & 0xff);
                if !matches!(access.operation, Operation::Bit(..)) {
                    prop_assert_eq!(value & mask, other.immediate(1) & mask, "{:?}", other);
                }
            }
        }
    }

    #[test]
    fn no_bytes_and_no_registers_do_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..24),
        mut registers in registers(),
        old: u64,
        address: u64,
    ) {
        if let Some(access) = decode(&bytes) {
            prop_assert!((2..=15).contains(&access.length()) || access.length() == 1);
            let _ = access.address(&registers, &BASES);
            if let Some(outcome) = access.apply(address, old, &registers) {
                prop_assert_eq!(address % access.width().bytes(), 0);
                outcome.commit(&mut registers);
            }
        }
    }

    #[test]
    fn a_partial_write_keeps_the_other_bytes(
        mut registers in registers(),
        old: u64,
        at in 0_usize..8,
    ) {
        // mov [rdi], al / ax / eax / rax
        let forms: [&[u8]; 4] =
            [&[0x88, 0x07], &[0x66, 0x89, 0x07], &[0x89, 0x07], &[0x48, 0x89, 0x07]];
        for bytes in forms {
            let access = decode(bytes).expect("a move");
            registers.general[7] = 0xffff_8880_0000_1000 + at as u64;
            let address = access.address(&registers, &BASES);
            let value = registers.general[0];
            let size = access.width().bits() as usize / 8;
            let outcome = access.apply(address, old, &registers);
            if !at.is_multiple_of(size) {
                prop_assert_eq!(outcome, None);
                continue;
            }
            let mut expected = old.to_le_bytes();
            expected[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
            let new = match outcome.expect("aligned").store {
                Store::Overwrite(new) if size == 8 => new,
                Store::Replace { expected, new } if size < 8 => {
                    prop_assert_eq!(expected, old);
                    new
                }
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(new.to_le_bytes(), expected);
        }
    }
}

fn apply(bytes: &[u8], old: u64, registers: &Registers) -> Option<Outcome> {
    let access = decode(bytes)?;
    access.apply(access.address(registers, &BASES), old, registers)
}

fn at_entry() -> Registers {
    let mut registers = Registers {
        general: [0; 16],
        rip: 0x1000,
        rflags: 0x202,
    };
    registers.set(Register::Rdi, 0xffff_8880_0000_1000);
    registers
}

#[test]
fn kernels_encodings_are_decoded() {
    let cases: &[(&[u8], &str)] = &[
        (&[0x48, 0x89, 0x37], "mov [rdi], rsi"),
        (
            &[0x48, 0x89, 0x05, 1, 2, 3, 4],
            "mov [rip + 0x4030201], rax",
        ),
        (
            &[0x65, 0x48, 0x89, 0x04, 0x25, 0, 1, 0, 0],
            "mov gs:[0x100], rax",
        ),
        (&[0x48, 0xc7, 0x07, 0, 0, 0, 0], "mov qword [rdi], 0"),
        (&[0x48, 0x87, 0x07], "xchg [rdi], rax"),
        (&[0xf0, 0x48, 0x0f, 0xb1, 0x17], "lock cmpxchg [rdi], rdx"),
        (&[0xf0, 0x80, 0x27, 0xfd], "lock and byte [rdi], 0xfd"),
        (
            &[0xf0, 0x48, 0x0f, 0xba, 0x37, 0x05],
            "lock btr qword [rdi], 5",
        ),
        (&[0xf0, 0x48, 0x83, 0x0f, 0x42], "lock or qword [rdi], 0x42"),
        (&[0x49, 0x89, 0x04, 0xdc], "mov [r12 + rbx * 8], rax"),
        (
            &[0x4e, 0x89, 0x6c, 0xe5, 0x10],
            "mov [rbp + r12 * 8 + 16], r13",
        ),
        (&[0x48, 0x0f, 0xc3, 0x07], "movnti [rdi], rax"),
        (&[0xf3, 0x48, 0xab], "rep stosq"),
        (&[0x48, 0x8d, 0x07], ""),
        (&[0x48, 0x8b, 0x07], ""),
        (&[0x48, 0x89, 0xf8], ""),
        (&[0xf0, 0x48, 0x89, 0x07], ""),
        (&[0x48, 0x0f, 0xc7, 0x0f], ""),
        (&[0xf0, 0x0f, 0xc7, 0x0f], ""),
        (&[0x48, 0x89], ""),
        (&[], ""),
    ];
    for (bytes, text) in cases {
        assert_eq!(
            decode(bytes).is_some(),
            !text.is_empty(),
            "{bytes:x?} {text}"
        );
    }
    let endless = [0x66; 32];
    assert_eq!(decode(&endless), None);
}

#[test]
fn a_failed_compare_exchange_stores_nothing_and_loads_rax() {
    let mut registers = at_entry();
    registers.set(Register::Rax, 5);
    registers.set(Register::Rdx, 7);
    let lock_cmpxchg = [0xf0, 0x48, 0x0f, 0xb1, 0x17];
    let failed = apply(&lock_cmpxchg, 6, &registers).expect("aligned");
    assert_eq!(failed.store, Store::Keep);
    let succeeded = apply(&lock_cmpxchg, 5, &registers).expect("aligned");
    assert_eq!(
        succeeded.store,
        Store::Replace {
            expected: 5,
            new: 7
        }
    );
    let mut after = registers.clone();
    failed.commit(&mut after);
    assert_eq!(
        (after.general[0], after.rflags & 0x40, after.rip),
        (6, 0, 0x1005)
    );
    succeeded.commit(&mut registers);
    assert_eq!(
        (registers.general[0], registers.rflags & 0x40, registers.rip),
        (5, 0x40, 0x1005)
    );
}

#[test]
fn a_bit_offset_in_a_register_moves_the_address() {
    // bts [rdi], rax / eax / ax
    let forms: [(&[u8], u64); 3] = [
        (&[0x48, 0x0f, 0xab, 0x07], 64),
        (&[0x0f, 0xab, 0x07], 32),
        (&[0x66, 0x0f, 0xab, 0x07], 16),
    ];
    for (bytes, bits) in forms {
        for offset in [
            0_i64, 1, 15, 16, 31, 32, 63, 64, 100, 511, -1, -64, -65, -1000,
        ] {
            let mut registers = at_entry();
            registers.set(Register::Rax, offset as u64);
            let access = decode(bytes).expect("bts");
            let expected = 0xffff_8880_0000_1000_u64
                .wrapping_add_signed(offset.div_euclid(bits as i64) * bits as i64 / 8);
            assert_eq!(
                access.address(&registers, &BASES),
                expected,
                "{bits} {offset}"
            );
        }
    }
}

#[test]
fn stos_is_done_one_iteration_at_a_time() {
    let mut registers = at_entry();
    registers.set(Register::Rcx, 2);
    registers.set(Register::Rax, 0x67);
    let rep_stosq = [0xf3, 0x48, 0xab];
    for (rdi, rcx, rip) in [(0x1008, 1, 0x1000), (0x1010, 0, 0x1003)] {
        let outcome = apply(&rep_stosq, 1, &registers).expect("an iteration");
        assert_eq!(outcome.store, Store::Overwrite(0x67));
        outcome.commit(&mut registers);
        let [found_rcx, found_rdi] = [Register::Rcx, Register::Rdi].map(|r| registers.get(r));
        assert_eq!(
            (found_rdi & 0xffff, found_rcx, registers.rip),
            (rdi, rcx, rip)
        );
    }
    assert_eq!(apply(&rep_stosq, 1, &registers), None);
    registers.rflags |= 0x400;
    let stosd = [0xab];
    apply(&stosd, 1, &registers)
        .expect("an iteration")
        .commit(&mut registers);
    assert_eq!(registers.get(Register::Rdi) & 0xffff, 0x100c);
}

#[test]
fn an_emulated_instruction_clears_the_resume_flag_alone() {
    let mut registers = at_entry();
    registers.rflags = 0x1_0303;
    let mov = [0x48, 0x89, 0x37];
    apply(&mov, 1, &registers)
        .expect("aligned")
        .commit(&mut registers);
    assert_eq!((registers.rflags, registers.rip), (0x303, 0x1003));
}
