//! An `iret` to an address that is none is the guest's trouble, and nobody else's: the failsafe callback, or an exception
//! there. Lesson 45. QEMU's TCG loads such an address without a fault, and fails at its first fetch.
#![no_std]
#![no_main]

use guests::attempt::{self, Gate, Level};
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let code = code!("nop");
    for level in Level::ALL {
        for rip in [
            0x0000_8000_0000_0000,
            0x4000_0000_0000_0000,
            0xffff_7fff_ffff_ffff,
        ] {
            let mut entry = code.at(level);
            entry.rip = rip;
            let exit = entry.go();
            ensure!(
                matches!(
                    exit.gate,
                    Gate::Callback(CallbackType::Failsafe) | Gate::Vector(13 | 14)
                ),
                "{level:?}: {rip:#x} leads to {exit}"
            );
            exit.has_state_of_a_handler()?;
        }
        // The hypervisor's own code can be jumped to, and not executed.
        let mut entry = code.at(level);
        entry.rip = 0xffff_8200_0000_0000;
        let exit = entry.go();
        ensure!(
            matches!(exit.gate, Gate::Vector(14)),
            "{level:?}: the hypervisor's memory leads to {exit}"
        );
    }
    Ok(())
}
