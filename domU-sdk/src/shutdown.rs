//! The end of the guest.

use ringwall_abi::sched::ShutdownReason;

use crate::{console, hypercall, start};

/// Ends the domain for good.
pub fn power_off() -> ! {
    end_for(ShutdownReason::Poweroff)
}

/// Ends the domain, to start anew.
pub fn reboot() -> ! {
    end_for(ShutdownReason::Reboot)
}

/// Ends the domain as crashed: the toolstack may keep it to be looked at, or start it anew.
pub fn crash() -> ! {
    end_for(ShutdownReason::Crash)
}

/// What happens when `main` returns: the end for good.
///
/// As the privileged domain it is a reboot: the machine's power is switched by ACPI, which is a kernel's
/// work, and without it a machine that is told to power off only stands still.
pub fn end() -> ! {
    if start::is_initial_domain() {
        reboot()
    }
    power_off()
}

fn end_for(reason: ShutdownReason) -> ! {
    console::flush();
    loop {
        let _ = hypercall::shutdown(reason);
    }
}
