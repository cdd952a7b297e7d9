//! `int n` without a handler is #GP with the error code `8n + 2`, at both levels and for each vector above the
//! exceptions; `set_trap_table` leaves the vectors alone that its list does not name: `public/xen.h`.
//!
//! QEMU before 8.0 pushes `16n + 2`, which Xen passes on.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, set_trap};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::arch_x86::TrapFlags;
use guests::{Check, ask, code, skip};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    attempt::needs("set_trap_table", ask(Hypercall::SetTrapTable, [0]))?;
    set_trap(13, TrapFlags::MASK_EVENTS)?;
    for (vector, code) in [
        (0x20_u64, code!("int 0x20")),
        (0x80, code!("int 0x80")),
        (0x82, code!("int 0x82")),
        (0xff, code!("int 0xff")),
    ] {
        for level in Level::ALL {
            let entry = code.at(level);
            let exit = entry.go();
            if exit.raised(13, Some(vector << 4 | 2)) {
                skip!("this QEMU pushes 16n + 2 for int n, and the hypervisor passes it on");
            }
            exit.is(&code, &entry, Raised::by(13).error(vector << 3 | 2))?;
        }
    }
    Ok(())
}
