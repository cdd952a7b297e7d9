//! An instruction that is none raises #UD (vector 6) at itself, at both levels: `ud2`, `ud2` with no more of the
//! emulation prefix than its start, a `lock` before what can't be locked, a segment push of 32-bit code:
//! SDM vol. 3A, 6.15; `public/arch-x86/xen.h` for the prefix.
#![no_std]
#![no_main]

use guests::attempt::{self, Raised, raises_at_both};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    for code in [
        code!("ud2"),
        code!("ud2", ".ascii \"xe\"", "nop", "cpuid"),
        // The whole prefix, before an instruction that is not emulated.
        code!("ud2", ".ascii \"xen\"", "nop"),
        code!("lock", "nop"),
        code!(".byte 0x06"),
    ] {
        raises_at_both(&code, Raised::by(6))?;
    }
    Ok(())
}
