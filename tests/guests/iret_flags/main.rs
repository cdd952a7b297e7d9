//! The `iret` hypercall takes the flags of its frame, but for what is the hypervisor's: interrupts stay on, IOPL, VM and
//! the virtual interrupt flags off; IF goes into the event mask: `public/arch-x86/xen-x86_64.h`; Lesson 42.
//!
//! NT must not come through either: an `iretq` of ring 3 would fault by it. Xen lets it pass.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, ends};
use guests::{Check, code, ensure, unless_xen};

guests::rule!(check);

const FIXED: u64 = 1 << 1;
const INTERRUPT_FLAG: u64 = 1 << 9;
const NESTED_TASK: u64 = 1 << 14;
const ALIGNMENT_CHECK: u64 = 1 << 18;
/// CF, PF, AF, ZF, SF, DF, OF, ID.
const TAKEN: u64 = 0x1 | 0x4 | 0x10 | 0x40 | 0x80 | 0x400 | 0x800 | 1 << 21;
/// IOPL, VM, VIF, VIP.
const REFUSED: u64 = 3 << 12 | 1 << 17 | 1 << 19 | 1 << 20;

fn check() -> Check {
    attempt::take()?;
    // AC is taken back at once, so that nothing depends on alignment checks.
    let code = code!("pushfq", "pop rbx", "push 2", "popfq");
    for level in Level::ALL {
        for asked in [
            0,
            TAKEN,
            TAKEN | REFUSED,
            REFUSED,
            ALIGNMENT_CHECK,
            INTERRUPT_FLAG,
        ] {
            let mut entry = code.at(level);
            entry.rflags = FIXED | asked;
            let exit = ends(&code, &entry)?;
            let kept = asked & (TAKEN | ALIGNMENT_CHECK);
            ensure!(
                exit.rbx == FIXED | INTERRUPT_FLAG | kept,
                "{level:?}: rflags {:#x} became {:#x}",
                entry.rflags,
                exit.rbx
            );
            ensure!(
                exit.frame_says_masked() == (asked & INTERRUPT_FLAG == 0),
                "{level:?}: with rflags {:#x} upcalls are masked: {}",
                entry.rflags,
                exit.frame_says_masked()
            );
        }
        let mut entry = code.at(level);
        entry.rflags = FIXED | NESTED_TASK;
        let exit = ends(&code, &entry)?;
        unless_xen!(
            exit.rbx & NESTED_TASK == 0,
            "{level:?}: NT comes through, by which the code's own iretq faults"
        );
    }
    Ok(())
}
