//! An `iret` hypercall whose frame can't be read crashes the domain: there is nothing to return to.
//! `public/arch-x86/xen-x86_64.h`, `iret_context`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level};
use guests::{Check, Verdict, code, crashes};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let code = code!("xor esp, esp", "mov eax, 23", "syscall");
    crashes!("an iret whose frame can't be read");
    Err(Verdict::failure(code.at(Level::Kernel).go()))
}
