//! CR0 reads as a CPU's with paging, protection and write protection, and TS as the guest has set it. A write that changes
//! TS is done, as `clts` and `fpu_taskswitch` are; any other change is #GP: `public/xen.h`, `fpu_taskswitch`.
//!
//! Which bits else are shown is not the ABI's.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, needs, raises};
use guests::sdk::abi::Hypercall;
use guests::{Check, Verdict, ask, code, ensure};

guests::rule!(check);

const TASK_SWITCHED: u64 = 1 << 3;
/// PE, NE, WP, PG.
const ON: u64 = 1 << 0 | 1 << 5 | 1 << 16 | 1 << 31;

fn cr0() -> Result<u64, Verdict> {
    let code = code!("mov rax, cr0");
    Ok(ends(&code, &code.at(Level::Kernel))?.rax)
}

fn check() -> Check {
    attempt::take()?;
    let clear = code!("clts");
    ends(&clear, &clear.at(Level::Kernel))?;
    let plain = cr0()?;
    ensure!(
        plain & (ON | TASK_SWITCHED) == ON,
        "CR0 is {plain:#x} after clts"
    );
    let write = code!("mov cr0, rdi");
    let mut entry = write.at(Level::Kernel);
    entry.rdi = plain | TASK_SWITCHED;
    ends(&write, &entry)?;
    let switched = cr0()?;
    ensure!(switched == entry.rdi, "CR0 is {switched:#x} with TS");
    let fpu = code!("fninit");
    raises(&fpu, &fpu.at(Level::Kernel), Raised::by(7))?;
    needs("fpu_taskswitch", ask(Hypercall::FpuTaskswitch, [1]))?;
    ensure!(cr0()? == switched, "fpu_taskswitch does not set TS");
    needs("fpu_taskswitch", ask(Hypercall::FpuTaskswitch, [0]))?;
    ensure!(cr0()? == plain, "fpu_taskswitch does not clear TS");
    // PG, WP, EM, CD.
    for bit in [31, 16, 2, 30] {
        entry.rdi = plain ^ 1 << bit;
        raises(&write, &entry, Raised::by(13).error(0))?;
    }
    Ok(())
}
