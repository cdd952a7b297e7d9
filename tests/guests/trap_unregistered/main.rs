//! A guest that has no handler for an exception can't go on: its domain crashes, and nothing else does. `set_trap_table`
//! with a null list clears the table: `public/xen.h`.
#![no_std]
#![no_main]

use guests::sdk::abi::Hypercall;
use guests::{Check, Verdict, ask, attempt, code, crashes, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let cleared = ask(Hypercall::SetTrapTable, [0]);
    ensure!(cleared.is_ok(), "the table can't be cleared: {cleared}");
    crashes!("an exception without a handler");
    let exit = code!("ud2").at(attempt::Level::Kernel).go();
    Err(Verdict::failure(exit))
}
