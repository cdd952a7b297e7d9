//! `swapgs` is not the guest's: the hypervisor changes the GS bases with the mode, and the instruction is #GP at both
//! levels, as in ring 3 of a bare CPU: SDM vol. 2, SWAPGS; `public/arch-x86/xen-x86_64.h`.
#![no_std]
#![no_main]

use guests::attempt::{self, Raised, raises_at_both};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    raises_at_both(&code!("swapgs"), Raised::by(13).error(0))
}
