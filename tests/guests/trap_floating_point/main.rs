//! An unmasked x87 exception waits for the next waiting instruction, which raises #MF (vector 16) at itself, at both
//! levels, without an error code: SDM vol. 3A, 6.15. CR0.NE is set for guests: no interrupt 13.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, raises};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let code = code!(
        "fninit",
        "mov dword ptr [rsp - 8], 0x37b", // A division by zero is not masked.
        "fldcw [rsp - 8]",
        "fld1",
        "fldz",
        "fdivp",
        "fwait",
    );
    let quiet = code!("fnclex", "fninit");
    for level in Level::ALL {
        raises(&code, &code.at(level), Raised::by(16).at(code.last(1)))?;
        attempt::ends(&quiet, &quiet.at(level))?;
    }
    Ok(())
}
