//! An `iret` to user code without a root table for it crashes the domain: `public/xen.h`, `MMUEXT_NEW_USER_BASEPTR`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, needs};
use guests::sdk::abi::Mfn;
use guests::{Check, Verdict, code, crashes};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    needs("a root of 0", attempt::set_user_root(Mfn::new(0)))?;
    crashes!("an iret to user code without a root table");
    Err(Verdict::failure(code!("nop").at(Level::User).go()))
}
