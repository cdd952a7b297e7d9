//! `stack_switch` sets where user code enters the kernel, aligned down to 16 bytes; the frame lies below. An address that is
//! none, or leads into the hypervisor's memory, does no harm: it is refused, or the entry crashes the domain:
//! `public/xen.h`; Lesson 46.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::{self, Level, Raised, needs};
use guests::sdk::abi::Errno;
use guests::{Check, code, ensure, unless_xen};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let page = Page::new()?;
    let code = code!("div ecx");
    for offset in [4096, 4000, 1024 + 1, 1024 + 15] {
        let end = page.address() + offset;
        needs("stack_switch", attempt::stack_switch(end))?;
        let entry = code.at(Level::User);
        let exit = entry.go();
        ensure!(
            exit.raised(0, None) && exit.frame == (end & !15) - 7 * 8,
            "with a stack that ends at {end:#x} the frame is at {:#x}: {exit}",
            exit.frame
        );
        ensure!(exit.rsp == entry.rsp, "the user's stack is lost: {exit}");
    }
    needs(
        "stack_switch",
        attempt::stack_switch(attempt::entry_stack_end()),
    )?;
    for end in [0x0000_8000_0000_1000, 0xffff_8200_0000_0000] {
        let answer = attempt::stack_switch(end);
        unless_xen!(
            answer.is(Errno::EINVAL),
            "a stack at {end:#x} is answered by {answer}, and fails at its first use"
        );
        needs(
            "stack_switch",
            attempt::stack_switch(attempt::entry_stack_end()),
        )?;
    }
    attempt::raises(&code, &code.at(Level::User), Raised::by(0))
}
