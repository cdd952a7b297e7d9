//! Where CPUID shows FSGSBASE and the guest sets CR4.FSGSBASE, `wrfsbase` and the like work at both levels; while the bit is
//! off they are #UD: SDM vol. 3A, 2.5. The bases are those of the MSRs. Lesson 51.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, raises};
use guests::{Check, code, ensure, skip};

guests::rule!(check);

const FSGSBASE: u64 = 1 << 16;

fn check() -> Check {
    attempt::take()?;
    let cpuid = code!("ud2", ".ascii \"xen\"", "cpuid");
    let mut entry = cpuid.at(Level::Kernel);
    entry.rax = 7;
    if ends(&cpuid, &entry)?.rbx & 1 == 0 {
        skip!("this CPU has no FSGSBASE, or the guest is not told of it");
    }
    let set = code!(
        "mov rax, cr4",
        "or rax, rbx",
        "not rdx",
        "and rax, rdx",
        "mov cr4, rax"
    );
    let access = code!("wrfsbase rdi", "rdfsbase rax");
    for level in Level::ALL {
        let mut off = set.at(Level::Kernel);
        off.rdx = FSGSBASE;
        ends(&set, &off)?;
        raises(&access, &access.at(level), Raised::by(6))?;
        let mut on = set.at(Level::Kernel);
        on.rbx = FSGSBASE;
        ends(&set, &on)?;
        let mut entry = access.at(level);
        entry.rdi = 0x1234_5678_9000;
        let exit = ends(&access, &entry)?;
        ensure!(exit.rax == entry.rdi, "the base is {:#x}", exit.rax);
        let msr = code!("mov ecx, 0xc0000100", "rdmsr");
        let exit = ends(&msr, &msr.at(Level::Kernel))?;
        ensure!(
            exit.rdx << 32 | exit.rax == entry.rdi,
            "{level:?}: the MSR is {:#x}:{:#x}",
            exit.rdx,
            exit.rax
        );
    }
    Ok(())
}
