//! #PF (vector 14) has the address in the shared page's `arch.cr2`, and the CPU's error code, but for the user bit,
//! which says whether it was the guest's user code: both run in ring 3. `public/arch-x86/xen.h`, `arch_vcpu_info`; SDM
//! vol. 3A, 4.7.
#![no_std]
#![no_main]

use guests::attempt::{self, Code, Level, Raised, fault_address};
use guests::{Check, code, ensure};

guests::rule!(check);

/// Nothing is mapped there: the root table has no entry.
const NOWHERE: u64 = 0x10_0000_0123;
const PRESENT: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const FETCH: u64 = 1 << 4;

fn check() -> Check {
    attempt::take()?;
    let load = code!("mov eax, [rdi]");
    let store = code!("mov [rdi], eax");
    let jump = code!("jmp rdi");
    // The machine-to-physical table: the guest may read it.
    let table = guests::sdk::abi::arch_x86::MACH2PHYS_VIRT_START;
    for level in Level::ALL {
        faults(&load, level, NOWHERE, 0)?;
        faults(&store, level, NOWHERE, WRITE)?;
        faults(&store, level, table, PRESENT | WRITE)?;
        let mut entry = jump.at(level);
        entry.rdi = NOWHERE;
        let exit = entry.go();
        let error = exit.error.unwrap_or(0) & !user_bit(level);
        ensure!(
            exit.rip == NOWHERE && matches!(error, 0 | FETCH) && fault_address() == NOWHERE,
            "{level:?}: fetching gives {exit}, cr2 {:#x}",
            fault_address()
        );
    }
    Ok(())
}

fn faults(code: &Code, level: Level, address: u64, error: u64) -> Check {
    let mut entry = code.at(level);
    entry.rdi = address;
    let exit = entry.go();
    exit.is(code, &entry, Raised::by(14).error(error | user_bit(level)))?;
    ensure!(
        fault_address() == address,
        "cr2 is {:#x}, not {address:#x}",
        fault_address()
    );
    Ok(())
}

fn user_bit(level: Level) -> u64 {
    match level {
        Level::Kernel => 0,
        Level::User => USER,
    }
}
