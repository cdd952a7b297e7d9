//! `rdmsr` and `wrmsr` of the kernel reach a closed list of registers; all others are #GP with error code 0 at the
//! instruction, as on a CPU that does not have them: SDM vol. 2, RDMSR. Lesson 52. EFER reads as long mode with
//! `syscall`; where system calls enter can't be set by an MSR. User code reaches none.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, raises};
use guests::{Check, code, ensure};

guests::rule!(check);

const EFER: u64 = 0xc000_0080;
/// SCE, LME, LMA.
const EFER_NEEDED: u64 = 1 << 0 | 1 << 8 | 1 << 10;
/// Numbers that no CPU has, and registers that are the hypervisor's.
const REFUSED: [u64; 5] = [
    0xdead_beef,
    0x4b56_4d00,
    0xc001_0114,
    0x0000_0480,
    0x0000_0802,
];

fn check() -> Check {
    attempt::take()?;
    let read = code!("rdmsr");
    let write = code!("wrmsr");
    for number in REFUSED {
        for code in [&read, &write] {
            let mut entry = code.at(Level::Kernel);
            entry.rcx = number;
            raises(code, &entry, Raised::by(13).error(0))?;
        }
    }
    // LSTAR: a write is refused, or goes nowhere; a system call still enters the callback.
    let mut entry = write.at(Level::Kernel);
    (entry.rcx, entry.rax) = (0xc000_0082, 0x1000);
    let exit = entry.go();
    ensure!(
        exit.raised(13, Some(0)) || exit.ended(&write),
        "a write of LSTAR: {exit}"
    );
    let call = code!("syscall");
    let exit = call.at(Level::User).go();
    ensure!(
        exit.gate == attempt::Gate::Callback(guests::sdk::abi::callback::CallbackType::Syscall),
        "a system call after it: {exit}"
    );
    let mut entry = read.at(Level::Kernel);
    entry.rcx = EFER;
    (entry.rax, entry.rdx) = (!0, !0);
    let exit = ends(&read, &entry)?;
    let efer = exit.rdx << 32 | exit.rax;
    ensure!(
        efer & EFER_NEEDED == EFER_NEEDED && exit.rax >> 32 == 0 && exit.rdx == 0,
        "EFER is {:#x}:{:#x}",
        exit.rdx,
        exit.rax
    );
    for code in [&read, &write] {
        let mut entry = code.at(Level::User);
        entry.rcx = EFER;
        raises(code, &entry, Raised::by(13).error(0))?;
    }
    Ok(())
}
