//! Emulated writes to page tables compared with the processor's own.
//!
//! Each form is executed on an array and emulated on a copy of it: entry, registers, flags and length
//! must come out the same.
#![cfg(target_arch = "x86_64")]
// UNSAFETY: executes instructions by inline assembly; there is no other way to ask the processor.
#![expect(unsafe_code, reason = "inline assembly")]

use ringwall_model::emulate::pte::{Store, decode};
use ringwall_model::emulate::{Register, RegisterFile, SegmentBases};
use std::arch::asm;

/// The operands of all forms: RAX, RDX (DH), RDI, and memory around RDI.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    rax: u64,
    rcx: u64,
    rdx: u64,
    rdi: u64,
    rip: u64,
    rflags: u64,
}

impl RegisterFile for State {
    fn get(&self, register: Register) -> u64 {
        match register {
            Register::Rax => self.rax,
            Register::Rcx => self.rcx,
            Register::Rdx => self.rdx,
            Register::Rdi => self.rdi,
            other => panic!("{other:?} is not an operand"),
        }
    }

    fn set(&mut self, register: Register, value: u64) {
        match register {
            Register::Rax => self.rax = value,
            Register::Rcx => self.rcx = value,
            Register::Rdx => self.rdx = value,
            Register::Rdi => self.rdi = value,
            other => panic!("{other:?} is not an operand"),
        }
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

/// CF, PF, AF, ZF, SF, OF.
const STATUS: u64 = 0x8d5;

/// One instruction: its text, the flags that it leaves undefined, and a function that executes it
/// and gives its bytes.
struct Form {
    text: &'static str,
    undefined: u64,
    execute: fn(&mut State) -> &'static [u8],
}

macro_rules! form {
    ($text:literal) => {
        form!($text, 0)
    };
    ($text:literal, $undefined:expr) => {
        Form {
            text: $text,
            undefined: $undefined,
            execute: |state| {
                let (start, end): (*const u8, *const u8);
                // SAFETY: every form writes at most 8 bytes, within 512 bytes of RDI, which lies
                // in the middle of an array of that reach; the flags are restored by the push and
                // pop around it, and only status flags were set.
                unsafe {
                    asm!(
                        "lea {start}, [rip + 2f]",
                        "lea {end}, [rip + 3f]",
                        "push {flags}",
                        "popfq",
                        concat!("2: ", $text),
                        "3:",
                        "pushfq",
                        "pop {flags}",
                        start = out(reg) start,
                        end = out(reg) end,
                        flags = inout(reg) state.rflags,
                        inout("rax") state.rax,
                        inout("rcx") state.rcx,
                        inout("rdx") state.rdx,
                        inout("rdi") state.rdi,
                    );
                }
                state.rip = end.addr() as u64;
                // SAFETY: the instruction lies between the two labels, and code is never written.
                unsafe { std::slice::from_raw_parts(start, end.addr() - start.addr()) }
            },
        }
    };
}

/// AF after logic. (Bit instructions leave all but CF undefined on paper, and alone in fact.)
const LOGIC: u64 = 0x10;
const BIT: u64 = 0x894;

/// A 32-bit compare-exchange is not among the forms: what becomes of RAX's upper half differs from
/// processor to processor.
fn forms() -> Vec<Form> {
    vec![
        form!("mov [rdi], rdx"),
        form!("mov [rdi], edx"),
        form!("mov [rdi], dx"),
        form!("mov [rdi], dl"),
        form!("mov [rdi], dh"),
        form!("mov [rdi + 1], dh"),
        form!("mov qword ptr [rdi], -2"),
        form!("mov dword ptr [rdi + 4], 0x12345678"),
        form!("mov word ptr [rdi + 2], 0x1234"),
        form!("mov byte ptr [rdi + 7], 0x67"),
        form!("movnti [rdi], rdx"),
        form!("movnti [rdi], edx"),
        form!("xchg [rdi], rdx"),
        form!("xchg [rdi + 4], edx"),
        form!("xchg [rdi], dx"),
        form!("xchg [rdi], dh"),
        form!("lock cmpxchg [rdi], rdx"),
        form!("cmpxchg [rdi], rdx"),
        form!("lock cmpxchg [rdi + 2], dx"),
        form!("lock cmpxchg [rdi + 3], dl"),
        form!("lock xadd [rdi], rdx"),
        form!("xadd [rdi], edx"),
        form!("xadd [rdi], dx"),
        form!("xadd [rdi], dh"),
        form!("lock add [rdi], rdx"),
        form!("lock sub [rdi], rdx"),
        form!("add [rdi], edx"),
        form!("sub [rdi], dx"),
        form!("sub [rdi], dh"),
        form!("add byte ptr [rdi + 5], 0x7f"),
        form!("sub qword ptr [rdi], 0x12345678"),
        form!("lock or [rdi], rdx", LOGIC),
        form!("lock and [rdi], rdx", LOGIC),
        form!("lock xor [rdi], rdx", LOGIC),
        form!("or word ptr [rdi], 0x63", LOGIC),
        form!("lock and byte ptr [rdi], 0xfd", LOGIC),
        form!("lock and dword ptr [rdi], 0xfffffffd", LOGIC),
        form!("lock and qword ptr [rdi], -0x21", LOGIC),
        form!("xor dword ptr [rdi], edx", LOGIC),
        form!("lock inc qword ptr [rdi]"),
        form!("lock dec qword ptr [rdi]"),
        form!("inc dword ptr [rdi]"),
        form!("dec word ptr [rdi]"),
        form!("inc byte ptr [rdi]"),
        form!("lock bts qword ptr [rdi], 1", BIT),
        form!("lock btr qword ptr [rdi], 63", BIT),
        form!("lock btc dword ptr [rdi], 37", BIT),
        form!("btr word ptr [rdi], 5", BIT),
        form!("lock bts [rdi], rcx", BIT),
        form!("lock btr [rdi], rcx", BIT),
        form!("lock btc [rdi], rcx", BIT),
        form!("lock bts [rdi], ecx", BIT),
        form!("lock btr [rdi], cx", BIT),
        form!("stosq"),
        form!("stosd"),
        form!("stosw"),
        form!("stosb"),
    ]
}

/// Entries of the array; RDI points to the one in the middle.
const ENTRIES: usize = 128;

fn check(form: &Form, numbers: &mut impl Iterator<Item = u64>) {
    let mut number = || numbers.next().expect("there are always more");
    // Few distinct values, so that comparisons succeed and carries happen.
    let mut value = || match number() % 4 {
        0 => number() % 3,
        1 => u64::MAX - number() % 3,
        2 => 1 << (number() % 64),
        _ => number(),
    };
    let mut memory = [0; ENTRIES];
    memory.fill_with(&mut value);
    let (rax, rdx) = (value(), value());
    let middle = ENTRIES / 2;
    let old_rax = if number() % 2 == 0 {
        memory[middle]
    } else {
        rax
    };
    // Bit offsets stay within the array.
    let rcx = (number() % 4096).wrapping_sub(2048);
    let rflags = number() & STATUS | 0x202;
    let mut emulated = memory;
    let rdi = memory.as_mut_ptr().wrapping_add(middle).expose_provenance() as u64;
    let mut state = State {
        rax: old_rax,
        rcx,
        rdx,
        rdi,
        rip: 0,
        rflags,
    };
    let mut guest = state.clone();

    let bytes = (form.execute)(&mut state);

    guest.rip = state.rip - bytes.len() as u64;
    let access = decode(bytes).unwrap_or_else(|| panic!("{}: {bytes:x?}", form.text));
    assert_eq!(usize::from(access.length()), bytes.len(), "{}", form.text);
    let address = access.address(&guest, &SegmentBases::default());
    let index = usize::try_from(address).expect("64 bits") - memory.as_ptr().addr();
    let index = index / size_of::<u64>();
    let outcome = access.apply(address, emulated[index], &guest);
    let outcome = outcome.unwrap_or_else(|| panic!("{}: {address:#x}", form.text));
    match outcome.store {
        Store::Overwrite(new) => emulated[index] = new,
        Store::Replace { expected, new } => {
            assert_eq!(expected, emulated[index]);
            emulated[index] = new;
        }
        Store::Keep => {}
    }
    let before = guest.clone();
    outcome.commit(&mut guest);
    guest.rflags &= !form.undefined;
    state.rflags &= !form.undefined;
    assert_eq!(guest, state, "{}: {before:x?}", form.text);
    assert_eq!(emulated, memory, "{}: {before:x?}", form.text);
}

#[test]
fn emulation_does_what_the_processor_does() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut numbers = std::iter::repeat_with(move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    });
    for form in forms() {
        for _ in 0..1000 {
            check(&form, &mut numbers);
        }
    }
}
