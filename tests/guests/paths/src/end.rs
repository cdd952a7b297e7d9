//! The end, in order and otherwise.

use core::panic::PanicInfo;

use ringwall_abi::Hypercall;
use ringwall_abi::sched::{SchedOp, SchedShutdown, ShutdownReason};

use crate::call::{address, call};
use crate::console::line;

/// Asks for a reboot, which ends QEMU with `-no-reboot`.
pub(crate) fn end() -> ! {
    let argument = SchedShutdown {
        reason: ShutdownReason::Reboot.number(),
    };
    loop {
        let arguments = [SchedOp::Shutdown as u64, address(&argument), 0, 0];
        let _ = call(Hypercall::SchedOp, arguments);
    }
}

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    line!("GUEST PANIC {}", information.message());
    end()
}
