//! With TF set, #DB (vector 1) follows an instruction, as a trap: the frame points behind it, and keeps TF, the
//! handler runs without TF, and DR6 has BS (bit 14): SDM vol. 3B, 17.3.1.4. `int1` raises the vector too; QEMU's
//! TCG, which has no such instruction, says #UD.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised};
use guests::sdk::abi::Hypercall;
use guests::{Check, ask, code, ensure};

guests::rule!(check);

const TRAP_FLAG: u64 = 1 << 8;
const SINGLE_STEP: i64 = 1 << 14;

fn check() -> Check {
    attempt::take()?;
    let code = code!("nop", "nop");
    for level in Level::ALL {
        let mut entry = code.at(level);
        entry.rflags |= TRAP_FLAG;
        let exit = entry.go();
        exit.is(&code, &entry, Raised::by(1).at(1))?;
        ensure!(
            exit.rflags & TRAP_FLAG != 0,
            "{level:?}: TF is lost: {exit}"
        );
        let dr6 = ask(Hypercall::GetDebugreg, [6]);
        ensure!(dr6.0 & SINGLE_STEP != 0, "{level:?}: DR6 is {dr6}");
        let cleared = ask(Hypercall::SetDebugreg, [6, 0xffff_0ff0]);
        ensure!(cleared.is_ok(), "DR6 can't be cleared: {cleared}");
    }
    let int1 = code!(".byte 0xf1");
    for level in Level::ALL {
        let entry = int1.at(level);
        let exit = entry.go();
        if !exit.raised(6, None) {
            exit.is(&int1, &entry, Raised::by(1).at(1))?;
        }
    }
    Ok(())
}
