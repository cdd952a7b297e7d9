//! The end, in order and otherwise.

use ringwall_abi::Hypercall;
use ringwall_abi::sched::{SchedOp, SchedShutdown, ShutdownReason};

use crate::call::{address, call};

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

#[cfg(target_os = "none")]
#[panic_handler]
fn panicked(information: &core::panic::PanicInfo<'_>) -> ! {
    crate::console::line!("GUEST PANIC {}", information.message());
    end()
}
