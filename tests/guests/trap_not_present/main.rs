//! Loading a selector whose descriptor is not present raises #NP (vector 11), or #SS (vector 12) for a stack
//! segment, with the selector as error code, at both levels: SDM vol. 3A, 6.15.
#![no_std]
#![no_main]

use guests::attempt::tables::{DATA, PRESENT, global, load_gdt};
use guests::attempt::{self, Level, Raised, raises};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    load_gdt(&[DATA & !PRESENT])?;
    let error = global(1) & !3;
    let data = code!("mov es, edi");
    let stack = code!("mov ss, edi");
    for level in Level::ALL {
        for (code, vector) in [(&data, 11), (&stack, 12)] {
            let mut entry = code.at(level);
            entry.rdi = global(1);
            raises(code, &entry, Raised::by(vector).error(error))?;
        }
    }
    Ok(())
}
