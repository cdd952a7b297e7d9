//! An exception of the kernel whose stack pointer leads nowhere crashes the domain: the frame can't be pushed. The same
//! holds for one that leads into the hypervisor's memory, which is not written. Lesson 47.
#![no_std]
#![no_main]

use guests::attempt::{self, Level};
use guests::{Check, Verdict, code, crashes};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    crashes!("an exception on a stack in the hypervisor's memory");
    let mut entry = code!("ud2").at(Level::Kernel);
    entry.rsp = 0xffff_8200_0010_0000;
    Err(Verdict::failure(entry.go()))
}
