//! `iret` takes the guest's own code and stack selectors, of its GDT and its LDT, with RPL 3 for user code and with
//! RPL 0 for the kernel, whose code runs with RPL 3 all the same: `public/arch-x86/xen-x86_64.h`, `iret_context`.
//!
//! The kernel's stack selector may be null, as on a bare CPU, where interrupts of ring 0 make it so; Xen faults.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::tables::{CODE_64, DATA, global, load_gdt, local};
use guests::attempt::{self, Level, ends, needs};
use guests::sdk::abi::xen::{MmuExtCommand, MmuextOp};
use guests::sdk::memory::entry::Access;
use guests::{Check, code, ensure, unless_xen};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    load_gdt(&[CODE_64, DATA])?;
    let ldt = Page::new()?;
    ldt.write(1, CODE_64);
    ldt.write(2, DATA);
    needs("a read-only mapping", ldt.protect(Access::ReadOnly))?;
    let set = MmuextOp::new(MmuExtCommand::SetLdt, ldt.address(), 3);
    needs("MMUEXT_SET_LDT", attempt::mmuext(&[set]))?;
    let code = code!("mov ebx, cs", "mov edx, ss");
    for level in Level::ALL {
        for (cs, ss) in [
            (global(1), global(2)),
            (local(1), local(2)),
            (local(1), global(2)),
            (global(1), local(2)),
        ] {
            let mut entry = code.at(level);
            let rpl = match level {
                Level::Kernel => !3,
                Level::User => !0,
            };
            (entry.cs, entry.ss) = (cs & rpl, ss & rpl);
            let exit = ends(&code, &entry)?;
            ensure!(
                exit.rbx == cs && exit.rdx == ss,
                "{level:?}: cs {cs:#x} and ss {ss:#x} became {:#x} and {:#x}",
                exit.rbx,
                exit.rdx
            );
            exit.has_frame_of(&entry)?;
        }
    }
    let mut entry = code.at(Level::Kernel);
    entry.ss = 0;
    let exit = entry.go();
    unless_xen!(
        exit.ended(&code),
        "a null stack segment of the kernel is {exit}"
    );
    Ok(())
}
