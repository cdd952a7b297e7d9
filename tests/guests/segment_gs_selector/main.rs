//! `SEGBASE_GS_USER_SEL` loads a selector as the user's GS: its base becomes the user's, the kernel's stays. A selector that
//! can't be loaded counts as null, and is no error: `public/arch-x86/xen-x86_64.h`.
#![no_std]
#![no_main]

use guests::attempt::tables::{DATA, global, load_gdt};
use guests::attempt::{self, Gate, Level, ends, fault_address, needs, set_segment_base};
use guests::sdk::abi::arch_x86::SegmentBase;
use guests::{Check, code, ensure};

guests::rule!(check);

const BASE: u64 = 0x1234_5000;

fn check() -> Check {
    attempt::take()?;
    load_gdt(&[DATA | (BASE & 0xff_ffff) << 16 | (BASE >> 24) << 56])?;
    let kernel = code!("mov rax, gs:[0]");
    let before = ends(&kernel, &kernel.at(Level::Kernel))?;
    let select = |selector| set_segment_base(SegmentBase::GsUserSelector, selector);
    needs("SEGBASE_GS_USER_SEL", select(global(1)))?;
    let user = code!("mov ebx, gs", "mov eax, gs:[0x10]");
    let exit = user.at(Level::User).go();
    ensure!(
        exit.gate == Gate::Vector(14) && fault_address() == BASE + 0x10,
        "the user's base is another: {exit}, cr2 {:#x}",
        fault_address()
    );
    ensure!(exit.rbx == global(1), "the user's gs is {:#x}", exit.rbx);
    for bad in [0x1003, 0xe013] {
        needs("a bad SEGBASE_GS_USER_SEL", select(bad))?;
        let selector = code!("mov ebx, gs");
        let exit = ends(&selector, &selector.at(Level::User))?;
        ensure!(exit.rbx < 4, "{bad:#x}: the user's gs is {:#x}", exit.rbx);
    }
    let after = ends(&kernel, &kernel.at(Level::Kernel))?;
    ensure!(before.rax == after.rax, "the kernel's base has changed");
    Ok(())
}
