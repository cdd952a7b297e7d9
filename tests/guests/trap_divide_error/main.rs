//! A division by zero (#DE, vector 0) is bounced to the handler of `set_trap_table`, from the kernel and from
//! user code, without an error code, at the instruction itself: SDM vol. 3A, 6.15; `public/arch-x86/xen.h`.
#![no_std]
#![no_main]

use guests::attempt::{self, Raised, raises_at_both};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let raised = Raised::by(0).at(2);
    raises_at_both(&code!("xor ecx, ecx", "div ecx"), raised)?;
    // An overflow of the quotient is the same exception.
    raises_at_both(&code!("mov dl, 1", "div rcx"), raised)
}
