//! `console_io` writes to the hypervisor's console and reads what was typed, for a privileged domain:
//! `public/xen.h`. A text that can't be read is `EFAULT`, an operation that is none `ENOSYS`, and a read without
//! anything typed 0. Lesson 57: a flood of lines harms nobody.
#![no_std]
#![no_main]

use guests::sdk::abi::xen::ConsoleIoOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, address, address_mut, ask, equal, granted, refused};

guests::rule!(check);

fn console(operation: u64, count: u64, place: u64) -> Answer {
    ask(Hypercall::ConsoleIo, [operation, count, place])
}

fn check() -> Check {
    let write = u64::from(ConsoleIoOp::Write.number());
    let read = u64::from(ConsoleIoOp::Read.number());
    granted("nothing", console(write, 0, 0))?;
    granted("a line", console(write, 6, address(b"hello\n")))?;
    for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        refused(
            "an unreadable text",
            console(write, 5, place),
            &[Errno::EFAULT],
        )?;
    }
    let mut typed = [0_u8; 16];
    equal(
        "nothing typed",
        granted("read", console(read, 16, address_mut(&mut typed)))?,
        0,
    )?;
    for operation in [2, 99] {
        refused("no operation", console(operation, 0, 0), &[Errno::ENOSYS])?;
    }
    for line in 0..200_u32 {
        let text = [b"flood ..\n", b"flooding\n"][line as usize % 2];
        granted("a flood", console(write, text.len() as u64, address(text)))?;
    }
    Ok(())
}
