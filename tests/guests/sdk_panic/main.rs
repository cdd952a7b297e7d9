//! A guest that panics prints where and by which way, and its domain ends as crashed: `public/sched.h`,
//! `SHUTDOWN_crash`. The privileged domain takes the machine along; the hypervisor says why.
#![no_std]
#![no_main]

use guests::{Check, Verdict, panics};

guests::rule!(check);

fn check() -> Check {
    panics(env!("CARGO_BIN_NAME"), "a panic of the guest");
    let none: Option<u32> = core::hint::black_box(None);
    assert!(none.is_some(), "on purpose");
    Err(Verdict::failure("it goes on"))
}
