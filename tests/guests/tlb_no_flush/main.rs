//! Who loads a root has no translations of before, however CR3 is written: by `MMUEXT_NEW_BASEPTR`, or by `mov cr3` with bit
//! 63 set, which on a CPU with PCID keeps them. SDM vol. 3A, 4.10.4.1; Lesson 12: a hypervisor passes no such bit on, and
//! refuses the value or flushes.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::attempt::{self, Level, root};
use guests::memory::{extended, set_leaf};
use guests::page::page;
use guests::sdk::abi::xen::MmuExtCommand;
use guests::sdk::memory::entry::{Access, leaf};
use guests::{Check, code, ensure, equal, granted};

guests::rule!(check);

const NO_FLUSH: u64 = 1 << 63;

fn check() -> Check {
    attempt::take()?;
    let (place, first) = page()?;
    let (other, second) = page()?;
    place.u64(0).store(1, Ordering::SeqCst);
    other.u64(0).store(2, Ordering::SeqCst);
    let kernel = root()?.raw() << 12;
    let load = code!("mov cr3, rdi");
    let baseptr = |frame| extended(MmuExtCommand::NewBaseptr, frame, 0);
    // Changes what is behind the address without a flush, then loads the root.
    let stale = |frame| set_leaf(place.address(), leaf(frame, Access::ReadWrite), 0);
    let seen = || place.u64(0).load(Ordering::SeqCst);
    equal("before", seen(), 1)?;
    granted("another frame", stale(second))?;
    granted("new_baseptr", baseptr(kernel >> 12))?;
    equal("after new_baseptr", seen(), 2)?;
    granted("the first again", stale(first))?;
    let mut entry = load.at(Level::Kernel);
    entry.rdi = kernel | NO_FLUSH;
    let exit = entry.go();
    if exit.ended(&load) {
        equal("after a load that asks for no flush", seen(), 1)?;
    } else {
        ensure!(exit.raised(13, Some(0)), "CR3 with bit 63: {exit}");
        entry.rdi = kernel;
        let exit = entry.go();
        ensure!(exit.ended(&load), "CR3 without it: {exit}");
        equal("after a load", seen(), 1)?;
    }
    for odd in [kernel >> 12 | 1 << 51, kernel >> 12 | 1 << 40, u64::MAX] {
        let answer = baseptr(odd);
        ensure!(!answer.is_ok(), "new_baseptr of {odd:#x}: {answer}");
    }
    Ok(())
}
