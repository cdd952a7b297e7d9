//! Registers, handlers, descriptors.

use ringwall_abi::Errno::{self, EINVAL, ENODEV, EPERM};
use ringwall_abi::arch_x86::{FLAT_KERNEL_CS, FLAT_KERNEL_SS, SegmentBase, TrapFlags, TrapInfo};
use ringwall_abi::{GuestAddress, Hypercall};

use crate::call::{address, update_va};
use crate::memory::{Pages, READ_ONLY, Start, entry};
use crate::rule::{answer, answered, ask, refused, stricter};
use crate::start;

const NON_CANONICAL: u64 = 0x8000_0000_0000_0000;
const HYPERVISOR: u64 = 0xffff_8200_0000_0000;
/// A page of descriptors.
static DESCRIPTORS: Pages<1> = Pages::new();

/// Handlers of exceptions: none is expected.
pub(crate) fn set_traps() {
    let vectors = [0, 3, 4, 5, 6, 13, 14];
    let mut table = [TrapInfo::default(); 8];
    for (entry, vector) in table.iter_mut().zip(vectors) {
        *entry = trap(vector, start::surprise_handler());
    }
    answered(
        "set_trap_table",
        0,
        ask(Hypercall::SetTrapTable, [address(&table), 0, 0, 0]),
    );
}

fn trap(vector: u8, handler: u64) -> TrapInfo {
    TrapInfo {
        vector,
        flags: TrapFlags::MASK_EVENTS,
        cs: FLAT_KERNEL_CS,
        address: GuestAddress::new(handler),
        ..TrapInfo::default()
    }
}

pub(crate) fn check(start: &Start<'_>) {
    let kernel_ss = FLAT_KERNEL_SS.into();
    let bad_handler = [trap(6, NON_CANONICAL), TrapInfo::default()];
    let cases: [(&str, Hypercall, [u64; 4], &[Errno]); 10] = [
        (
            "fs at a non-canonical base",
            Hypercall::SetSegmentBase,
            [SegmentBase::Fs as u64, NON_CANONICAL, 0, 0],
            &[EINVAL],
        ),
        (
            "gs at a non-canonical base",
            Hypercall::SetSegmentBase,
            [SegmentBase::GsUser as u64, NON_CANONICAL, 0, 0],
            &[EINVAL],
        ),
        (
            "kernel's gs at a non-canonical base",
            Hypercall::SetSegmentBase,
            [SegmentBase::GsKernel as u64, NON_CANONICAL, 0, 0],
            &[EINVAL],
        ),
        (
            "no such base",
            Hypercall::SetSegmentBase,
            [4, 0, 0, 0],
            &[EINVAL],
        ),
        (
            "breakpoint in the hypervisor",
            Hypercall::SetDebugreg,
            [0, HYPERVISOR, 0, 0],
            &[EPERM, EINVAL],
        ),
        (
            "breakpoint at a non-canonical address",
            Hypercall::SetDebugreg,
            [3, NON_CANONICAL, 0, 0],
            &[EPERM, EINVAL],
        ),
        (
            "debug register 8",
            Hypercall::SetDebugreg,
            [8, 0, 0, 0],
            &[ENODEV, EINVAL],
        ),
        (
            "read of debug register 8",
            Hypercall::GetDebugreg,
            [8, 0, 0, 0],
            &[ENODEV, EINVAL],
        ),
        (
            "handler at a non-canonical address",
            Hypercall::SetTrapTable,
            [address(&bad_handler), 0, 0, 0],
            &[EINVAL],
        ),
        (
            "GDT of too many descriptors",
            Hypercall::SetGdt,
            [address(&bad_handler), 7169, 0, 0],
            &[EINVAL],
        ),
    ];
    for (rule, number, arguments, allowed) in cases {
        refused(rule, allowed, ask(number, arguments));
    }
    // Xen takes any stack here, and DR4 for DR6, which it is where CR4.DE is clear (SDM vol. 3B, 18.2.2).
    for (rule, number, arguments) in [
        (
            "stack in the hypervisor",
            Hypercall::StackSwitch,
            [kernel_ss, HYPERVISOR, 0, 0],
        ),
        (
            "stack at a non-canonical address",
            Hypercall::StackSwitch,
            [kernel_ss, NON_CANONICAL, 0, 0],
        ),
        ("debug register 4", Hypercall::SetDebugreg, [4, 0, 0, 0]),
    ] {
        stricter(rule, &[EINVAL], ask(number, arguments));
    }
    let stack = [kernel_ss, start::entry_stack(), 0, 0];
    answered("stack_switch", 0, ask(Hypercall::StackSwitch, stack));
    set_traps();
    descriptors(start);
}

fn descriptors(start: &Start<'_>) {
    let page = DESCRIPTORS.address(0);
    let frame = start.frame(page);
    let place = frame.raw() << 12;
    let outcome = update_va(page, entry(frame, READ_ONLY), 2);
    answered("descriptors are mapped read-only", 0, answer(outcome));
    let set = |value| ask(Hypercall::UpdateDescriptor, [place, value, 0, 0]);
    for (rule, value) in [
        ("interrupt gate", 0x0000_ee00_e033_0000),
        ("task state segment", 0x0000_8900_0000_0067),
        ("LDT", 0x0000_8200_0000_0067),
    ] {
        refused(rule, &[EINVAL], set(value));
    }
    // Xen takes call gates.
    stricter("call gate", &[EINVAL], set(0x0000_ec00_e033_0000));
    answered("flat data", 0, set(0x00cf_f300_0000_ffff));
    answered("none", 0, set(0));
    let page_table = start.root().raw() << 12;
    let answer = ask(Hypercall::UpdateDescriptor, [page_table, 0, 0, 0]);
    refused("descriptor in a page table", &[EINVAL], answer);
}
