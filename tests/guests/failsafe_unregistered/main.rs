//! A return that fails, and no failsafe callback to hear of it: the domain crashes. `public/callback.h`: address 0 is what
//! an entry that was never registered has. Xen 4.17 raises an exception for such returns: `iret_bad_selectors`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, needs};
use guests::sdk::abi::Hypercall;
use guests::{Check, Verdict, ask, code, crashes, differs};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    // Event, failsafe, syscall: the old form takes all three at once.
    needs("set_callbacks", ask(Hypercall::SetCallbacks, [0, 0, 0]))?;
    let mut entry = code!("nop").at(Level::User);
    entry.cs = 0x1003;
    crashes!("a failed return without a failsafe callback");
    let exit = entry.go();
    if exit.raised(13, Some(0x1000)) {
        differs(exit);
        return Ok(());
    }
    Err(Verdict::failure(exit))
}
