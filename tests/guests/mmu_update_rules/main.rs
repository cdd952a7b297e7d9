//! `mmu_update` writes entries in order up to the first that may not be, and says how many: `public/xen.h`. The low
//! bits of the address are the command; the rest must lie in a table of the caller. Lesson 27: entries are aligned.
//! Frames of another domain are a privileged domain's alone, and of one that exists.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::{NOBODYS, set, set_by, table, update, update_list};
use guests::page::page;
use guests::sdk::abi::xen::{MmuUpdate, MmuUpdateCommand};
use guests::sdk::abi::{DomainId, Errno, Hypercall};
use guests::sdk::memory::entry::{ACCESSED, Access, DIRTY, Level, PRESENT, leaf};
use guests::tables::read;
use guests::{Check, address, address_mut, ask, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (_, l1) = table(Level::L1)?;
    let (words, data) = page()?;
    let good = leaf(data, Access::ReadOnly);
    let errnos = &[Errno::EINVAL, Errno::EPERM];
    let list = [
        update(l1, 0, good),
        update(l1, 1, good),
        update(l1, 2, leaf(NOBODYS, Access::ReadOnly)),
        update(l1, 3, good),
    ];
    let mut done = 99_u32;
    let own = u64::from(DomainId::SELF.raw());
    let arguments = [address(&list), 4, address_mut(&mut done), own];
    refused("the third", ask(Hypercall::MmuUpdate, arguments), errnos)?;
    equal("done", done, 2)?;
    equal(
        "entries",
        [read(l1, 1)?, read(l1, 3)?].map(|entry| entry != 0),
        [true, false],
    )?;
    granted("nothing", update_list(&[]))?;

    // The bits that the CPU may have set meanwhile are kept by the command that says so.
    granted("set", set(l1, 5, good | ACCESSED | DIRTY))?;
    let less = good & !(ACCESSED | DIRTY);
    let preserve = MmuUpdateCommand::PtUpdatePreserveAd;
    granted("preserve", set_by(preserve, l1, 5, less))?;
    equal("kept", read(l1, 5)? & (ACCESSED | DIRTY), ACCESSED | DIRTY)?;
    granted("not kept", set(l1, 5, less))?;
    equal("not kept", read(l1, 5)? & (ACCESSED | DIRTY), 0)?;

    // Of a guest that is not translated, the command that translates nothing is the same.
    let untranslated = set_by(MmuUpdateCommand::PtUpdateNoTranslate, l1, 6, good);
    granted("no_translate", untranslated)?;
    equal("no_translate", read(l1, 6)? & PRESENT, PRESENT)?;

    // A page of data is no table, and is written like memory.
    granted("data", set(data, 2, 0x77))?;
    equal("data", words.u64(16).load(Ordering::SeqCst), 0x77)?;
    refused("nobody's table", set(NOBODYS, 0, 0), errnos)?;
    let odd = MmuUpdate {
        ptr: (l1.raw() << 12) + 4,
        val: good,
    };
    // Bit 2 belongs to the address, or to a command that is none.
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::ENOSYS];
    refused("not aligned", update_list(&[odd]), errnos)?;
    let of = |domain: u64| ask(Hypercall::MmuUpdate, [address(&list), 1, 0, domain]);
    refused("of no domain", of(1234), &[Errno::ESRCH, Errno::EPERM])?;
    refused(
        "of a table owner that is none",
        of(1234 << 16 | own),
        &[Errno::ESRCH, Errno::EPERM, Errno::EINVAL],
    )?;
    for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        let answer = ask(Hypercall::MmuUpdate, [place, 1, 0, own]);
        refused("no list", answer, &[Errno::EFAULT])?;
    }
    Ok(())
}
