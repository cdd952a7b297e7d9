//! `MMUEXT_SET_LDT` takes the address of descriptors, which are looked at when they are used: selectors of the LDT then
//! work; where the page can't be one of descriptors, that is an error, of the hypercall
//! or of their use. 8192 entries at most, at an
//! address of a page: `public/xen.h`.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::tables::{DATA, local};
use guests::attempt::{self, Level, ends, mmuext, needs};
use guests::sdk::abi::Errno;
use guests::sdk::abi::xen::{MmuExtCommand, MmuextOp};
use guests::sdk::memory::entry::Access;
use guests::{Answer, Check, code, ensure};

guests::rule!(check);

fn set(address: u64, entries: u64) -> Answer {
    mmuext(&[MmuextOp::new(MmuExtCommand::SetLdt, address, entries)])
}

fn check() -> Check {
    attempt::take()?;
    let page = Page::new()?;
    page.write(3, DATA);
    needs("a read-only mapping", page.protect(Access::ReadOnly))?;
    let load = code!("mov es, edi", "mov ebx, es", "xor eax, eax", "mov es, eax");
    let mut entry = load.at(Level::Kernel);
    entry.rdi = local(3);
    let exit = entry.go();
    ensure!(
        exit.raised(13, Some(local(3) & !3)),
        "without an LDT: {exit}"
    );
    needs("MMUEXT_SET_LDT", set(page.address(), 4))?;
    for level in Level::ALL {
        let mut entry = load.at(level);
        entry.rdi = local(3);
        let exit = ends(&load, &entry)?;
        ensure!(exit.rbx == local(3), "es is {:#x}", exit.rbx);
        // Behind the end of the table.
        entry.rdi = local(4);
        let exit = entry.go();
        ensure!(
            exit.raised(13, Some(local(4) & !3)),
            "behind the end: {exit}"
        );
    }
    for (name, address, entries) in [
        ("an address inside a page", page.address() + 8, 4),
        ("too many entries", page.address(), 8193),
        ("the hypervisor's memory", 0xffff_8200_0000_0000, 4),
    ] {
        let answer = set(address, entries);
        ensure!(answer.is(Errno::EINVAL), "{name}: {answer}");
    }
    // A writable page is none of descriptors: that is said at once, or when it is used.
    let writable = Page::new()?;
    writable.write(3, DATA);
    if set(writable.address(), 4).is_ok() {
        let exit = entry.go();
        ensure!(exit.error.is_some(), "a writable page: {exit}");
    }
    needs("no LDT", set(0, 0))?;
    needs("the page is free again", page.protect(Access::ReadWrite))
}
