//! An `iret` to selectors that can't be loaded enters the failsafe callback, with what was asked for in its frame: those
//! of the hypervisor, those behind the tables' ends, a null code selector, data as code, code as stack. None gives the
//! code more than ring 3: `public/callback.h`, `CALLBACKTYPE_failsafe`; Lesson 41.
//!
//! Xen 4.17 raises the CPU's exception in place of the callback, as if the code had been reached. Linux has a handler
//! for either ("fault while executing IRET", in its failsafe callback): we hold to what it documents.
#![no_std]
#![no_main]

use guests::attempt::tables::{CODE_64, DATA, PRESENT, global, load_gdt};
use guests::attempt::{self, Gate, Level};
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, code, differs, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    load_gdt(&[CODE_64, DATA, CODE_64 & !PRESENT, DATA & !PRESENT])?;
    let code = code!("nop");
    let good = code.at(Level::User);
    for (cs, ss) in [
        // The hypervisor's code and data, its TSS and its LDT.
        (0xe00b, good.ss),
        (good.cs, 0xe013),
        (0xe043, good.ss),
        (good.cs, 0xe053),
        (0xfffb, good.ss),
        // Behind the ends.
        (0x1003, good.ss),
        (good.cs, 0x1003),
        (0xf, good.ss),
        (good.cs, 0xf),
        // Null.
        (0x3, good.ss),
        // Of the wrong kind, and not there.
        (global(2), good.ss),
        (good.cs, global(1)),
        (global(3), good.ss),
        (good.cs, global(4)),
    ] {
        let mut entry = good;
        (entry.cs, entry.ss) = (cs, ss);
        let exit = entry.go();
        if matches!(exit.gate, Gate::Vector(10..=13)) && exit.rip == code.start {
            differs(format_args!("cs {cs:#x}, ss {ss:#x}: {exit}"));
            continue;
        }
        ensure!(
            exit.gate == Gate::Callback(CallbackType::Failsafe),
            "an iret to cs {cs:#x} and ss {ss:#x} ends by {exit}"
        );
        ensure!(
            exit.rip == code.start && exit.rsp == entry.rsp,
            "the failsafe callback's frame is of another return: {exit}"
        );
        ensure!(
            exit.frame_data.iter().all(|selector| *selector <= 0xffff),
            "the data selectors are {:x?}",
            exit.frame_data
        );
        exit.has_state_of_a_handler()?;
    }
    Ok(())
}
