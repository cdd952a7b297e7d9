//! An entry from user code whose kernel stack can't be written crashes the domain, as nothing can be told to a kernel
//! without a stack: it is the double fault of a PV guest. Lesson 47.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, needs};
use guests::{Check, Verdict, code, crashes};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    needs("stack_switch", attempt::stack_switch(0x10_0000_0000))?;
    crashes!("an exception of user code without a kernel stack");
    Err(Verdict::failure(code!("ud2").at(Level::User).go()))
}
