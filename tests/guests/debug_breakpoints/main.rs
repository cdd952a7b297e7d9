//! The guest's debug registers work as a CPU's: an instruction breakpoint raises #DB before the instruction, a watchpoint
//! behind the access, DR6 says which; at both levels. They are set by `set_debugreg` and by `mov`, and read back:
//! `public/xen.h`; SDM vol. 3B, 17.2.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, needs, raises};
use guests::sdk::abi::Hypercall;
use guests::{Answer, Check, ask, code, ensure};

guests::rule!(check);

const DR6_CLEAR: u64 = 0xffff_0ff0;
static WORD: u64 = 5;

fn set(register: u64, value: u64) -> Answer {
    ask(Hypercall::SetDebugreg, [register, value])
}

fn check() -> Check {
    attempt::take()?;
    let code = code!("nop", "nop", "mov rax, [rdi]", "nop");
    for level in Level::ALL {
        let mut entry = code.at(level);
        entry.rdi = guests::address(&WORD);
        // An instruction at the second byte, by register 0.
        needs("DR6", set(6, DR6_CLEAR))?;
        needs("DR0", set(0, code.start + 1))?;
        needs("DR7", set(7, 0x401))?;
        raises(&code, &entry, Raised::by(1).at(1))?;
        status_is(1 << 0)?;
        // Eight bytes that are read or written, by register 3.
        needs("DR6", set(6, DR6_CLEAR))?;
        needs("DR3", set(3, entry.rdi))?;
        needs("DR7", set(7, 0x400 | 1 << 6 | 0b1011 << 28))?;
        raises(&code, &entry, Raised::by(1).at(5))?;
        status_is(1 << 3)?;
        needs("DR7", set(7, 0x400))?;
        ends(&code, &entry)?;
    }
    let move_to = code!("mov dr1, rdi", "mov rax, dr1");
    let mut entry = move_to.at(Level::Kernel);
    entry.rdi = 0x1234_5678;
    let exit = ends(&move_to, &entry)?;
    let read = ask(Hypercall::GetDebugreg, [1]);
    ensure!(
        exit.rax == entry.rdi && read.0.cast_unsigned() == entry.rdi,
        "DR1 is {:#x} by mov, {read} by get_debugreg",
        exit.rax
    );
    Ok(())
}

fn status_is(bits: u64) -> Check {
    let dr6 = ask(Hypercall::GetDebugreg, [6]);
    ensure!(
        dr6.0.cast_unsigned() & 0xf == bits,
        "DR6 is {dr6}, expected bits {bits:#x}"
    );
    Ok(())
}
