//! An unmasked SSE exception raises #XM (vector 19) at the instruction, at both levels, without an error code: SDM
//! vol. 3A, 6.15. CR4.OSXMMEXCPT is on for guests, or it would be #UD.
//!
//! QEMU's TCG raises none before version 8.1: then there is nothing to see.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised};
use guests::{Check, code, skip};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let code = code!(
        "mov dword ptr [rsp - 8], 0x1d80", // A division by zero is not masked.
        "ldmxcsr [rsp - 8]",
        "mov eax, 0x3f800000",
        "movd xmm0, eax",
        "xorps xmm1, xmm1",
        "divss xmm0, xmm1",
    );
    let quiet = code!("mov dword ptr [rsp - 8], 0x1f80", "ldmxcsr [rsp - 8]");
    for level in Level::ALL {
        let entry = code.at(level);
        let exit = entry.go();
        attempt::ends(&quiet, &quiet.at(level))?;
        if exit.ended(&code) {
            skip!("this CPU raises no SSE exceptions");
        }
        exit.is(&code, &entry, Raised::by(19).at(code.last(4)))?;
    }
    Ok(())
}
