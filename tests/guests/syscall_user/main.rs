//! `syscall` of 64-bit user code enters the syscall callback, on the kernel's stack, with a frame whose rip is behind
//! the instruction, whose rflags are the user's, and whose selectors are the flat ones of user code:
//! `public/arch-x86/xen-x86_64.h`; `public/callback.h`, `CALLBACKTYPE_syscall`. Its mask flag is heeded.
#![no_std]
#![no_main]

use guests::attempt::{self, Gate, Level, register};
use guests::sdk::abi::arch_x86::{FLAT_USER_CS64, FLAT_USER_SS};
use guests::sdk::abi::callback::{CallbackFlags, CallbackType};
use guests::{Check, code, ensure};

guests::rule!(check);

const INTERRUPT_FLAG: u64 = 1 << 9;
const CARRY_AND_DIRECTION: u64 = 1 << 0 | 1 << 10;

fn check() -> Check {
    attempt::take()?;
    let code = code!("syscall");
    for flags in [CallbackFlags::MASK_EVENTS, CallbackFlags::empty()] {
        register(CallbackType::Syscall, flags)?;
        for enabled in [0, INTERRUPT_FLAG] {
            let mut entry = code.at(Level::User);
            entry.rflags |= CARRY_AND_DIRECTION | enabled;
            entry.rax = !0;
            entry.rdi = 0x1234;
            let exit = entry.go();
            ensure!(
                exit.gate == Gate::Callback(CallbackType::Syscall) && exit.rip == code.end,
                "a system call ends by {exit}"
            );
            exit.has_frame_of(&entry)?;
            ensure!(
                exit.cs & 0xffff == FLAT_USER_CS64.into() && exit.ss == FLAT_USER_SS.into(),
                "the selectors are not the user's: {exit}"
            );
            ensure!(
                exit.rflags & CARRY_AND_DIRECTION == CARRY_AND_DIRECTION,
                "the user's flags are lost: {exit}"
            );
            ensure!(
                exit.rax == !0 && exit.rdi == 0x1234,
                "rax is {:#x}, rdi {:#x}",
                exit.rax,
                exit.rdi
            );
            let masked = enabled == 0 || flags == CallbackFlags::MASK_EVENTS;
            ensure!(exit.masked == masked, "masked is {}: {exit}", exit.masked);
        }
    }
    Ok(())
}
