//! `syscall` of 32-bit user code enters the syscall32 callback, with the user's 32-bit code selector in its frame: `public/callback.h`, `CALLBACKTYPE_syscall32`. CPUs of Intel have no such
//! instruction: #UD.
#![no_std]
#![no_main]

use guests::attempt::page::{Page, map_low};
use guests::attempt::{self, Code, Gate, Level};
use guests::sdk::abi::arch_x86::{FLAT_USER_CS32, FLAT_USER_SS};
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, code, ensure, skip};

guests::rule!(check);

const CODE: u64 = 0x40_0000;

fn check() -> Check {
    attempt::take()?;
    let code = code!("syscall");
    let page = Page::new()?;
    page.write_bytes(&code.bytes());
    map_low(CODE, &[page])?;
    let low = Code {
        start: CODE,
        end: CODE + 2,
    };
    let mut entry = low.at(Level::User);
    entry.cs = FLAT_USER_CS32.into();
    entry.rsp = CODE + 0x800;
    let exit = entry.go();
    if exit.raised(6, None) {
        skip!("this CPU has no syscall in 32-bit code");
    }
    ensure!(
        exit.gate == Gate::Callback(CallbackType::Syscall32) && exit.rip == low.end,
        "a system call of 32-bit code ends by {exit}"
    );
    ensure!(
        exit.cs & 0xffff == FLAT_USER_CS32.into() && exit.ss == FLAT_USER_SS.into(),
        "the selectors are not the user's: {exit}"
    );
    ensure!(
        exit.masked,
        "the callback's mask flag is not heeded: {exit}"
    );
    exit.has_state_of_a_handler()?;
    Ok(())
}
