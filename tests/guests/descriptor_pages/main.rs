//! `set_gdt` takes frames of the guest's that nothing maps writable, with descriptors that a guest may have; as long as
//! they are in use they can't be mapped writable. At most 7168 entries: the rest is the hypervisor's.
//! `public/arch-x86/xen.h`, `FIRST_RESERVED_GDT_ENTRY`.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::tables::{DATA, load_gdt, set_gdt};
use guests::attempt::{self, needs};
use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::memory::entry::Access;
use guests::{Check, address, ask, ensure};

guests::rule!(check);

const TASK_STATE: u64 = 0x0000_e900_0000_ffff;

fn check() -> Check {
    attempt::take()?;
    let refused = |name: &str, answer: guests::Answer| {
        ensure!(answer.is(Errno::EINVAL), "{name}: {answer}");
        Ok(())
    };
    let page = Page::new()?;
    refused("a writable page", set_gdt(&[page], 512))?;
    let gate = Page::new()?;
    gate.write(511, TASK_STATE);
    needs("a read-only mapping", gate.protect(Access::ReadOnly))?;
    refused("a page with a TSS", set_gdt(&[gate], 512))?;
    let good = load_gdt(&[DATA])?;
    let writable = good.protect(Access::ReadWrite);
    ensure!(
        writable.is_one_of(&[Errno::EINVAL, Errno::EBUSY]),
        "a page of the GDT, mapped writable: {writable}"
    );

    refused("too many entries", set_gdt(&[good], 7169))?;
    let frames = [!0_u64; 16];
    refused(
        "a frame that is none",
        ask(Hypercall::SetGdt, [address(&frames), 1]),
    )?;
    let unreadable = ask(Hypercall::SetGdt, [0x10_0000_0000, 1]);
    ensure!(
        unreadable.is(Errno::EFAULT),
        "an unreadable list: {unreadable}"
    );
    // What was refused has changed nothing; an empty GDT gives the page back.
    needs("no GDT", set_gdt(&[], 0))?;
    needs("a page that is free again", good.protect(Access::ReadWrite))
}
