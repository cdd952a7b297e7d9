//! CR4 reads with what the ABI has on, PAE and FXSAVE's bits, and without what is the hypervisor's own: SMEP, SMAP, PCID.
//! Kernels write back what they believe to be there: that is no fault. TSD is the guest's: `rdtsc` of user code is #GP
//! while it is set. SDM vol. 3A, 2.5; Lesson 51.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, raises};
use guests::{Check, Verdict, code, ensure};

guests::rule!(check);

const TSD: u64 = 1 << 2;
/// PAE, OSFXSR, OSXMMEXCPT.
const ON: u64 = 1 << 5 | 1 << 9 | 1 << 10;
/// LA57, VMXE, SMXE, PCIDE, SMEP, SMAP.
const HIDDEN: u64 = 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 20 | 1 << 21;

fn read() -> Result<u64, Verdict> {
    let code = code!("mov rax, cr4");
    Ok(ends(&code, &code.at(Level::Kernel))?.rax)
}

fn write(value: u64) -> Check {
    let code = code!("mov cr4, rdi");
    let mut entry = code.at(Level::Kernel);
    entry.rdi = value;
    ends(&code, &entry).map(|_| ())
}

fn check() -> Check {
    attempt::take()?;
    let first = read()?;
    ensure!(first & (ON | HIDDEN) == ON, "CR4 is {first:#x}");
    write(first)?;
    ensure!(read()? == first, "CR4 has changed by being written back");
    let rdtsc = code!("rdtsc");
    for level in Level::ALL {
        ends(&rdtsc, &rdtsc.at(level))?;
    }
    write(first | TSD)?;
    ensure!(read()? == first | TSD, "TSD is not taken");
    raises(&rdtsc, &rdtsc.at(Level::User), Raised::by(13).error(0))?;
    // The kernel keeps it: it is emulated.
    ends(&rdtsc, &rdtsc.at(Level::Kernel))?;
    write(first)?;
    ends(&rdtsc, &rdtsc.at(Level::User)).map(|_| ())
}
