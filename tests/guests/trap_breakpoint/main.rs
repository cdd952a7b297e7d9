//! `int3` (vector 3) is a trap, raised by the kernel and, as gates of DPL 3 allow, by user code, without an error
//! code, the frame points behind it. So is `int 3` with two bytes: SDM vol. 3A, 6.15.
#![no_std]
#![no_main]

use guests::attempt::{self, Raised, raises_at_both};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    raises_at_both(&code!("int3"), Raised::by(3).at(1))?;
    raises_at_both(&code!(".byte 0xcd, 3"), Raised::by(3).at(2))
}
