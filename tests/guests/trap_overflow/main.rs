//! `int 4` raises the overflow trap (vector 4) behind the instruction, at both levels, through a gate of DPL 3. `into`
//! does not exist in 64-bit code: SDM vol. 2, INT n/INTO.
#![no_std]
#![no_main]

use guests::attempt::{self, Raised, raises_at_both};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    raises_at_both(&code!("int 4"), Raised::by(4).at(2))?;
    raises_at_both(&code!(".byte 0xce"), Raised::by(6))
}
