//! `set_trap_table` takes a list that an entry with address 0 ends; addresses that are none, or the hypervisor's, are
//! `EINVAL`, an unreadable list `EFAULT`. Entries stand for their vectors alone: `public/arch-x86/xen.h`, `trap_info`.
#![no_std]
#![no_main]

use guests::attempt::{self, Raised, gate_of_vector, raises_at_both, set_trap_table};
use guests::sdk::abi::arch_x86::{FLAT_KERNEL_CS, TrapFlags, TrapInfo};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::{Check, ask, code, ensure, unless_xen};

guests::rule!(check);

fn entry(vector: u8, address: GuestAddress) -> TrapInfo {
    TrapInfo {
        vector,
        flags: TrapFlags::MASK_EVENTS,
        cs: FLAT_KERNEL_CS,
        address,
        ..TrapInfo::default()
    }
}

fn check() -> Check {
    attempt::take()?;
    let set = |address| {
        let table = [entry(6, GuestAddress::new(address)), TrapInfo::default()];
        set_trap_table(&table)
    };
    for address in [0x0000_8000_0000_0000, 0xffff_7fff_ffff_ffff] {
        let answer = set(address);
        ensure!(answer.is(Errno::EINVAL), "{address:#x}: {answer}");
    }
    for address in [0xffff_8000_0000_0000, 0xffff_8200_0000_0000] {
        let answer = set(address);
        unless_xen!(
            answer.is(Errno::EINVAL),
            "a handler in the hypervisor's memory is taken, and fails at its first use"
        );
    }
    attempt::set_trap(6, TrapFlags::MASK_EVENTS)?;

    for list in [0x10_0000_0000, 0xffff_8200_0000_0000, 0x0000_8000_0000_0000] {
        let answer = ask(Hypercall::SetTrapTable, [list]);
        ensure!(answer.is(Errno::EFAULT), "a list at {list:#x}: {answer}");
    }
    raises_at_both(&code!("ud2"), Raised::by(6))?;
    // The last of two entries for a vector counts; here both are the same handler as vector 0's.
    let table = [
        entry(6, gate_of_vector(1)),
        entry(6, gate_of_vector(0)),
        TrapInfo::default(),
    ];
    let answer = set_trap_table(&table);
    ensure!(answer.is_ok(), "two entries for a vector: {answer}");
    let exit = code!("ud2").at(attempt::Level::Kernel).go();
    ensure!(exit.raised(0, None), "the first entry counts: {exit}");
    Ok(())
}
