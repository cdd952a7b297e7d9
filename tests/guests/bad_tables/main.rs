//! Entries, pins and mappings that would give a guest a way to its own page tables, to memory of others, or to the
//! hypervisor's part of the address space are refused: `public/xen.h`. Lessons 1, 2, 8, 11 and 61.
#![no_std]
#![no_main]

use guests::memory::{LEVELS, NOBODYS, extended, pin, readable, set, set_leaf, unpin};
use guests::page::page;
use guests::sdk::abi::xen::MmuExtCommand;
use guests::sdk::abi::{Errno, Hypercall, Mfn};
use guests::sdk::memory::entry::{Access, LARGE, Level, PRESENT, USER, WRITABLE, branch, leaf};
use guests::sdk::start;
use guests::{Check, Verdict, ask, granted, refused, unless_xen};

guests::rule!(check);

/// Global: SDM vol. 3A, 4.10.2.4.
const GLOBAL: u64 = 1 << 8;
/// The first entry of a root that is the hypervisor's: see `HYPERVISOR_VIRT_START`.
const FIRST_HYPERVISOR_SLOT: usize = 256;
const WRONG: &[Errno] = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];

fn writable(frame: Mfn) -> u64 {
    leaf(frame, Access::ReadWrite)
}

fn check() -> Check {
    let shared = start::info().map(|info| info.shared_info.frame());
    let shared = shared.ok_or_else(|| Verdict::error("no shared page"))?;
    let (data_place, data) = page()?;
    for level in LEVELS {
        let answer = pin(data, level);
        refused(format_args!("{level:?} of a writable page"), answer, WRONG)?;
    }
    for command in [MmuExtCommand::PinL1Table, MmuExtCommand::NewBaseptr] {
        let answer = extended(command, NOBODYS.raw(), 0);
        refused(
            format_args!("{command} of nobody's frame"),
            answer,
            &[Errno::EINVAL],
        )?;
    }
    let mut tables = [NOBODYS; 4];
    for (frame, level) in tables.iter_mut().zip(LEVELS) {
        *frame = readable()?.1;
        granted(format_args!("pin {level:?}"), pin(*frame, level))?;
    }
    let [l1, l2, l3, l4] = tables;
    let root = guests::attempt::root()?;
    for (what, table, slot, value) in [
        ("L1: nobody's frame", l1, 0, writable(NOBODYS)),
        ("L1: a table, writable", l1, 0, writable(l1)),
        ("L2: a large page", l2, 0, PRESENT | WRITABLE | USER | LARGE),
        ("L2: a page of data", l2, 0, branch(shared)),
        ("L2: nobody's frame", l2, 0, branch(NOBODYS)),
        ("L2: itself", l2, 0, branch(l2)),
        ("L2: level 3", l2, 0, branch(l3)),
        ("L3: a large page", l3, 0, PRESENT | WRITABLE | USER | LARGE),
        ("L3: level 1", l3, 0, branch(l1)),
        ("L4: itself", l4, 0, branch(l4)),
        ("L4: bit 7", l4, 0, branch(l3) | LARGE),
        ("L4: level 2", l4, 0, branch(l2)),
        ("L4: the hypervisor's slot", l4, FIRST_HYPERVISOR_SLOT, 0),
        (
            "the root: the hypervisor's slot",
            root,
            FIRST_HYPERVISOR_SLOT + 15,
            branch(l3),
        ),
    ] {
        refused(what, set(table, slot, value), WRONG)?;
    }
    for (what, bits) in [("the memory type", LARGE), ("global", GLOBAL)] {
        let answer = set(l1, 0, writable(data) | bits);
        unless_xen!(
            answer.is(Errno::EINVAL),
            "L1: {what}: {answer}; what RAM is cached as, and which translations outlive a change of roots, is \
             not the guest's to choose"
        );
        if answer.is_ok() {
            granted("and gone", set(l1, 0, 0))?;
        }
    }
    let place = data_place.address();
    for (what, address, value) in [
        ("a table, writable", place, writable(l1)),
        ("nobody's frame", place, writable(NOBODYS)),
        ("at null", 0, writable(data)),
        ("at no address", 0x8000_0000_0000_0000, writable(data)),
        ("in the hypervisor", 0xffff_8200_0000_0000, writable(data)),
    ] {
        refused(
            format_args!("map {what}"),
            set_leaf(address, value, 2),
            WRONG,
        )?;
    }
    granted("unpin", unpin(l1))?;
    for (what, frame) in [
        ("twice", l1),
        ("data", data),
        ("nobody's frame", NOBODYS),
        ("the shared page", shared),
    ] {
        refused(format_args!("unpin {what}"), unpin(frame), &[Errno::EINVAL])?;
    }
    granted("its level is one of four", pin(l1, Level::L1))?;
    // The fourth argument names the domain whose frames they are.
    let nobody = ask(Hypercall::MmuUpdate, [0, 1, 0, 1234]);
    refused("mmu_update of no domain", nobody, &[Errno::ESRCH])
}
