//! `cli` and `sti` of the kernel, and `popf`, do not change the event mask, nor the CPU's interrupt flag, which stays on: the
//! mask in the shared page is what counts. `public/arch-x86/xen.h`, `evtchn_upcall_mask`. `cli` and `sti` are #GP below
//! I/O privilege 1 on Xen; Ringwall passes them over.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, needs};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::physdev::{PhysdevOp, SetIopl};
use guests::{Check, address, ask, code, ensure};

guests::rule!(check);

const INTERRUPT_FLAG: u64 = 1 << 9;

fn check() -> Check {
    attempt::take()?;
    let argument = SetIopl { iopl: 1 };
    let arguments = [PhysdevOp::SetIopl as u64, address(&argument)];
    needs("PHYSDEVOP_set_iopl", ask(Hypercall::PhysdevOp, arguments))?;
    for code in [
        code!("cli", "pushfq", "pop rbx"),
        code!("sti", "pushfq", "pop rbx"),
        code!("push 2", "popfq", "pushfq", "pop rbx"),
        code!("push 0x202", "popfq", "pushfq", "pop rbx"),
    ] {
        for enabled in [0, INTERRUPT_FLAG] {
            let mut entry = code.at(Level::Kernel);
            entry.rflags |= enabled;
            let exit = ends(&code, &entry)?;
            exit.is(&code, &entry, Raised::by(6).at(code.last(0)))?;
            ensure!(
                exit.rbx & INTERRUPT_FLAG != 0,
                "the CPU's interrupt flag is off: {:#x}",
                exit.rbx
            );
        }
    }
    Ok(())
}
