//! A PV kernel whose mistakes the hypervisor must refuse.
//!
//! For each rule it makes one bad request and prints `PASS name`, or `FAIL name: got, expected`;
//! then `ERRORS END`, and ends: that it comes there is the rule behind all others. Runs on any
//! hypervisor that speaks the ABI. Where the public headers leave it open and Xen takes what
//! Ringwall refuses, the line starts with `LAX` and is a failure on Ringwall alone.
#![no_std]
#![no_main]

#[path = "../../paths/src/call.rs"]
mod call;
#[path = "../../paths/src/console.rs"]
mod console;
#[path = "../../paths/src/end.rs"]
mod end;
mod machine;
#[path = "../../paths/src/memory.rs"]
#[expect(dead_code, reason = "shared with another guest, which needs more")]
mod memory;
mod numbers;
mod pointers;
mod registers;
mod rule;
#[path = "../../paths/src/start.rs"]
#[expect(dead_code, reason = "shared with another guest, which needs more")]
mod start;
mod tables;

use memory::Start;

/// The entry's second half.
fn main(start: &Start<'_>, _first_tsc: u64) -> ! {
    console::line!("ERRORS BEGIN");
    registers::set_traps();
    numbers::check();
    pointers::check();
    tables::check(start);
    registers::check(start);
    console::line!("ERRORS END");
    end::end()
}

/// An exception that was not asked for.
fn surprised(frame: &[u64; 6]) -> ! {
    console::line!("FAIL surprise: {frame:x?}");
    end::end()
}
