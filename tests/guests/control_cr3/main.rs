//! CR3 reads as the machine address of the kernel's root table; writing it is `MMUEXT_NEW_BASEPTR`, and #GP for what can't
//! be a root: `public/xen.h`. The upper halves of an address that no frame has are refused, bit 63 (no flush) among them:
//! Lesson 12.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::{self, Level, ends, root};
use guests::{Check, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let expected = root()?.raw() << 12;
    let read = code!("mov rax, cr3");
    let exit = ends(&read, &read.at(Level::Kernel))?;
    ensure!(
        exit.rax == expected,
        "CR3 is {:#x}, the root {expected:#x}",
        exit.rax
    );
    let write = code!("mov cr3, rdi");
    let mut entry = write.at(Level::Kernel);
    entry.rdi = expected;
    ends(&write, &entry)?;
    let data = Page::new()?.mfn().raw() << 12;
    for value in [data, 0x000f_ffff_ffff_f000] {
        entry.rdi = value;
        let exit = entry.go();
        ensure!(
            exit.raised(13, Some(0)),
            "a root at {value:#x} is taken: {exit}"
        );
        let exit = ends(&read, &read.at(Level::Kernel))?;
        ensure!(exit.rax == expected, "CR3 is {:#x} after it", exit.rax);
    }
    Ok(())
}
