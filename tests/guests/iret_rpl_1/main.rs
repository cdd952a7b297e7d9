//! User code is what `iret` returns to with RPL 3; code of RPL 1 and 2 is the kernel's, and is made to run in ring 3 as
//! all of the guest is: no ring below 3 can be had. `public/arch-x86/xen-x86_64.h`, `iret_context`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, ends};
use guests::{Check, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let code = code!("mov ebx, cs", "mov edx, ss");
    for rpl in [1, 2] {
        let mut entry = code.at(Level::Kernel);
        entry.cs |= rpl;
        entry.ss |= rpl;
        let exit = ends(&code, &entry)?;
        ensure!(
            exit.rbx & 3 == 3 && exit.rdx & 3 == 3,
            "RPL {rpl}: cs became {:#x}, ss {:#x}",
            exit.rbx,
            exit.rdx
        );
    }
    Ok(())
}
