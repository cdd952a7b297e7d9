//! Registers, handlers, stacks and descriptors that a guest may not have are refused when they are set, before the CPU would
//! fault by them: `public/xen.h`, `public/arch-x86/xen.h`; SDM vol. 3A, 3.4.5 and 5.8. Lessons 45, 46 and 49.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::tables::update_descriptor;
use guests::attempt::{needs, root};
use guests::sdk::abi::Errno::{self, EINVAL, ENODEV, EPERM};
use guests::sdk::abi::arch_x86::{
    FLAT_KERNEL_CS, FLAT_KERNEL_SS, SegmentBase, TrapFlags, TrapInfo,
};
use guests::sdk::abi::{GuestAddress, Hypercall};
use guests::sdk::memory::entry::Access;
use guests::{Check, address, ask, granted, refused, unless_xen};

guests::rule!(check);

const NON_CANONICAL: u64 = 0x8000_0000_0000_0000;
const HYPERVISOR: u64 = 0xffff_8200_0000_0000;

fn check() -> Check {
    let bad_handler = [
        TrapInfo {
            vector: 6,
            flags: TrapFlags::MASK_EVENTS,
            cs: FLAT_KERNEL_CS,
            address: GuestAddress::new(NON_CANONICAL),
            ..TrapInfo::default()
        },
        TrapInfo::default(),
    ];
    let base = |base: SegmentBase| [u64::from(base.number()), NON_CANONICAL];
    let bases = Hypercall::SetSegmentBase;
    let cases: [(&str, Hypercall, [u64; 2], &[Errno]); 10] = [
        ("fs at no address", bases, base(SegmentBase::Fs), &[EINVAL]),
        (
            "gs at no address",
            bases,
            base(SegmentBase::GsUser),
            &[EINVAL],
        ),
        (
            "the kernel's gs at no address",
            bases,
            base(SegmentBase::GsKernel),
            &[EINVAL],
        ),
        ("no such base", bases, [4, 0], &[EINVAL]),
        (
            "a breakpoint in the hypervisor",
            Hypercall::SetDebugreg,
            [0, HYPERVISOR],
            &[EPERM, EINVAL],
        ),
        (
            "a breakpoint at no address",
            Hypercall::SetDebugreg,
            [3, NON_CANONICAL],
            &[EPERM, EINVAL],
        ),
        (
            "debug register 8",
            Hypercall::SetDebugreg,
            [8, 0],
            &[ENODEV, EINVAL],
        ),
        (
            "a read of it",
            Hypercall::GetDebugreg,
            [8, 0],
            &[ENODEV, EINVAL],
        ),
        (
            "a handler at no address",
            Hypercall::SetTrapTable,
            [address(&bad_handler), 0],
            &[EINVAL],
        ),
        (
            "a GDT of too many descriptors",
            Hypercall::SetGdt,
            [address(&bad_handler), 7169],
            &[EINVAL],
        ),
    ];
    for (what, number, arguments, errnos) in cases {
        refused(what, ask(number, arguments), errnos)?;
    }
    // DR4 is DR6 where CR4.DE is clear: SDM vol. 3B, 18.2.2.
    let kernel_ss = FLAT_KERNEL_SS.into();
    for (what, number, arguments) in [
        (
            "a stack in the hypervisor",
            Hypercall::StackSwitch,
            [kernel_ss, HYPERVISOR],
        ),
        (
            "a stack at no address",
            Hypercall::StackSwitch,
            [kernel_ss, NON_CANONICAL],
        ),
        ("debug register 4", Hypercall::SetDebugreg, [4, 0]),
    ] {
        let answer = ask(number, arguments);
        unless_xen!(
            answer.is(EINVAL),
            "{what}: {answer}; it fails at its first use, or is another one"
        );
    }
    descriptors()
}

fn descriptors() -> Check {
    let page = Page::new()?;
    needs("a read-only mapping", page.protect(Access::ReadOnly))?;
    for (what, descriptor) in [
        ("an interrupt gate", 0x0000_ee00_e033_0000),
        ("a task state segment", 0x0000_8900_0000_0067),
        ("an LDT", 0x0000_8200_0000_0067),
    ] {
        refused(what, update_descriptor(page, 1, descriptor), &[EINVAL])?;
    }
    let gate = update_descriptor(page, 1, 0x0000_ec00_e033_0000);
    unless_xen!(
        gate.is(EINVAL),
        "a call gate: {gate}; it leads from one ring into another, of which a guest has one"
    );
    granted(
        "flat data",
        update_descriptor(page, 1, 0x00cf_f300_0000_ffff),
    )?;
    granted("none", update_descriptor(page, 1, 0))?;
    let table = ask(Hypercall::UpdateDescriptor, [root()?.raw() << 12, 0]);
    refused("a descriptor in a page table", table, &[EINVAL])
}
