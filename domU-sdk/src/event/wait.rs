//! Waiting for events.

use ringwall_abi::Port;

use super::mask::{is_masked, mask};
use super::ports;
use crate::{hypercall, time};

/// Sleeps until one of the ports is pending, and takes its event; `None` when `deadline_ns` of system time
/// came first. For ports without a handler; they stay masked.
///
/// # Errors
///
/// `EINVAL` for more than 128 ports, or one that is closed.
pub fn wait(ports: &[Port], deadline_ns: Option<u64>) -> hypercall::Result<Option<Port>> {
    loop {
        for port in ports {
            if ports::clear(*port) {
                return Ok(Some(*port));
            }
        }
        if deadline_ns.is_some_and(|deadline| time::monotonic_ns() >= deadline) {
            return Ok(None);
        }
        hypercall::poll(ports, deadline_ns.unwrap_or(0))?;
    }
}

/// Sleeps until `condition` holds, which handlers of events bring about: it is asked after each upcall of this
/// virtual CPU.
pub fn wait_until(mut condition: impl FnMut() -> bool) {
    let was_masked = is_masked();
    loop {
        // Between the question and the sleep no upcall may come: its wake-up would be lost.
        let masked = mask();
        if condition() {
            drop(masked);
            return;
        }
        // Unmasks, and returns after the upcall.
        let _ = hypercall::block();
        if was_masked {
            core::mem::forget(mask());
        }
        drop(masked);
    }
}
