//! With RFLAGS.AC set, a misaligned access raises #AC (vector 17) with error code 0 at the instruction, in user code
//! and in the guest's kernel, which is in ring 3 as well: CR0.AM is on for guests. SDM vol. 3A, 6.15.
//!
//! QEMU's TCG does not check alignment: then there is nothing to see.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised};
use guests::{Check, code, skip};

guests::rule!(check);

const ALIGNMENT_CHECK: u64 = 1 << 18;

fn check() -> Check {
    attempt::take()?;
    let code = code!("mov eax, [rsp - 7]");
    for level in Level::ALL {
        let mut entry = code.at(level);
        entry.rflags |= ALIGNMENT_CHECK;
        let exit = entry.go();
        if exit.ended(&code) {
            skip!("this CPU does not check alignment");
        }
        exit.is(&code, &entry, Raised::by(17).error(0))?;
    }
    Ok(())
}
