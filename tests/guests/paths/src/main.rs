//! A PV kernel that counts what the hypervisor's paths cost.
//!
//! It prints `PATH name ticks` for each, then `PATHS END`, and ends. Under QEMU's `-icount shift=0`
//! a tick of the TSC is an instruction, and the numbers are exact: the instructions of the
//! hypervisor, the one that entered it, and for exceptions and system calls the few of the guest's
//! handler up to its `iret` hypercall. Runs on any hypervisor that speaks the ABI.
#![no_std]
#![no_main]

mod call;
mod console;
mod end;
mod events;
mod grants;
mod machine;
mod memory;
mod meter;
mod start;
mod tables;
mod traps;
mod user;

use memory::Start;

/// The entry's second half.
fn main(start: &Start<'_>, first_tsc: u64) -> ! {
    console::line!("PATHS BEGIN {first_tsc}");
    traps::measure();
    tables::measure(start);
    events::measure(start);
    grants::measure(start);
    user::measure(start);
    console::line!("PATHS END");
    end::end()
}

/// An exception that was not asked for.
fn surprised(frame: &[u64; 6]) -> ! {
    console::line!("PATHS SURPRISE {frame:x?}");
    end::end()
}
