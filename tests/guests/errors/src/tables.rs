//! Page tables.

use ringwall_abi::Errno::{self, EBUSY, EINVAL, EPERM};
use ringwall_abi::xen::{MmuExtCommand, MmuUpdate, VaMappingFlags};
use ringwall_abi::{Hypercall, Mfn};

use crate::call::{mmu_update, mmuext, on_frame, update_va};
use crate::memory::{Pages, READ_ONLY, READ_WRITE, Start, entry};
use crate::rule::{answer, answered, ask, refused, stricter};

/// Flushes the address from the TLB.
const INVALIDATE: u64 = VaMappingFlags::INVLPG.bits();
/// Levels 2 and 3: a large page. Level 1: a part of the memory type (SDM vol. 3A, 4.5).
const BIT_7: u64 = 1 << 7;
/// Global.
const BIT_8: u64 = 1 << 8;
/// A frame that no machine has.
const NOBODYS: Mfn = Mfn::new(0xf_ffff_fff0);
/// The first entry of a root that is the hypervisor's: see `HYPERVISOR_VIRT_START`.
const FIRST_HYPERVISOR_SLOT: u64 = 256;

/// Tables of levels 1 to 4.
static TABLES: Pages<4> = Pages::new();
/// A page of data.
static DATA: Pages<1> = Pages::new();

pub(crate) fn check(start: &Start<'_>) {
    let [l1, l2, l3, l4] = [0, 1, 2, 3].map(|table| start.frame(TABLES.address(table)));
    let data = start.frame(DATA.address(0));
    pins(l1);
    for (page, frame) in [l1, l2, l3, l4].into_iter().enumerate() {
        let outcome = update_va(TABLES.address(page), entry(frame, READ_ONLY), INVALIDATE);
        answered("a table is mapped read-only", 0, answer(outcome));
    }
    let pin = [
        (MmuExtCommand::PinL1Table, l1),
        (MmuExtCommand::PinL2Table, l2),
        (MmuExtCommand::PinL3Table, l3),
        (MmuExtCommand::PinL4Table, l4),
    ];
    for (command, frame) in pin {
        let outcome = mmuext(&[on_frame(command, frame)]);
        answered(format_args!("{command:?}"), 0, answer(outcome));
    }
    for (rule, table, slot, value) in [
        ("L1: frame of nobody", l1, 0, entry(NOBODYS, READ_WRITE)),
        ("L1: writable table", l1, 0, entry(l1, READ_WRITE)),
        ("L2: large page", l2, 0, READ_WRITE | BIT_7),
        (
            "L2: frame of data",
            l2,
            0,
            entry(start.shared_info(), READ_WRITE),
        ),
        ("L2: frame of nobody", l2, 0, entry(NOBODYS, READ_WRITE)),
        ("L2: linear", l2, 0, entry(l2, READ_WRITE)),
        ("L2: level 3", l2, 0, entry(l3, READ_WRITE)),
        ("L3: large page", l3, 0, READ_WRITE | BIT_7),
        ("L3: level 1", l3, 0, entry(l1, READ_WRITE)),
        ("L4: linear", l4, 0, entry(l4, READ_WRITE)),
        ("L4: bit 7", l4, 0, entry(l3, READ_WRITE) | BIT_7),
        ("L4: level 2", l4, 0, entry(l2, READ_WRITE)),
        ("L4: hypervisor's slot", l4, FIRST_HYPERVISOR_SLOT, 0),
        (
            "root: hypervisor's slot",
            start.root(),
            FIRST_HYPERVISOR_SLOT + 15,
            entry(l3, READ_WRITE),
        ),
    ] {
        let update = MmuUpdate {
            ptr: (table.raw() << 12) + slot * 8,
            val: value,
        };
        refused(rule, &[EINVAL, EPERM, EBUSY], answer(mmu_update(&[update])));
    }
    // What RAM is cached as, and which translations outlive a change of roots, is not the guest's
    // to choose. Xen lets dom0 write both.
    for (rule, bits) in [("L1: memory type", BIT_7), ("L1: global", BIT_8)] {
        let update = MmuUpdate {
            ptr: l1.raw() << 12,
            val: entry(data, READ_WRITE) | bits,
        };
        stricter(rule, &[EINVAL], answer(mmu_update(&[update])));
    }
    mappings(l1, data);
    unpins(start, l1, data);
}

/// A page that is mapped writable.
fn pins(frame: Mfn) {
    for command in [
        MmuExtCommand::PinL1Table,
        MmuExtCommand::PinL2Table,
        MmuExtCommand::PinL3Table,
        MmuExtCommand::PinL4Table,
    ] {
        let outcome = mmuext(&[on_frame(command, frame)]);
        refused(
            format_args!("{command:?} of a writable page"),
            &[EINVAL, EBUSY],
            answer(outcome),
        );
    }
    for command in [MmuExtCommand::PinL1Table, MmuExtCommand::NewBaseptr] {
        let outcome = mmuext(&[on_frame(command, NOBODYS)]);
        refused(
            format_args!("{command:?} of nobody's frame"),
            &[EINVAL],
            answer(outcome),
        );
    }
}

fn mappings(table: Mfn, data: Mfn) {
    let at = DATA.address(0);
    let cases: [(&str, u64, u64, &[Errno]); 5] = [
        (
            "map a table writable",
            at,
            entry(table, READ_WRITE),
            &[EINVAL, EPERM, EBUSY],
        ),
        (
            "map nobody's frame",
            at,
            entry(NOBODYS, READ_WRITE),
            &[EINVAL, EPERM, EBUSY],
        ),
        ("map at null", 0, entry(data, READ_WRITE), &[EINVAL]),
        (
            "map at a non-canonical address",
            0x8000_0000_0000_0000,
            entry(data, READ_WRITE),
            &[EINVAL],
        ),
        (
            "map in the hypervisor",
            0xffff_8200_0000_0000,
            entry(data, READ_WRITE),
            &[EINVAL],
        ),
    ];
    for (rule, address, value, allowed) in cases {
        let outcome = update_va(address, value, INVALIDATE);
        refused(rule, allowed, answer(outcome));
    }
}

fn unpins(start: &Start<'_>, table: Mfn, data: Mfn) {
    let unpin = |frame| answer(mmuext(&[on_frame(MmuExtCommand::UnpinTable, frame)]));
    answered("unpin", 0, unpin(table));
    for (rule, frame) in [
        ("unpin twice", table),
        ("unpin data", data),
        ("unpin nobody's frame", NOBODYS),
        ("unpin a shared page", start.shared_info()),
    ] {
        refused(rule, &[EINVAL], unpin(frame));
    }
    // The fourth argument names the domain whose frames they are.
    let nobody = ask(Hypercall::MmuUpdate, [0, 1, 0, 1234]);
    refused("mmu_update of no domain", &[Errno::ESRCH], nobody);
}
