//! `sched_op`: yield, block, poll, shutdown.
// UNSAFETY: lends its own arguments to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::sched::{SchedOp, SchedPoll, SchedShutdown, ShutdownReason};
use ringwall_abi::{GuestAddress, Hypercall, Port};

use super::{Result, address, call};

/// Lets others run.
pub fn yield_now() {
    // SAFETY: no memory is lent.
    let _ = unsafe { call(Hypercall::SchedOp, [SchedOp::Yield as u64, 0]) };
}

/// Unmasks upcalls and sleeps until there is one; at once, where one waits.
///
/// # Errors
///
/// None that the ABI knows.
pub fn block() -> Result<()> {
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::SchedOp, [SchedOp::Block as u64, 0]) }.map(|_| ())
}

/// Sleeps until one of the ports is pending, which may be masked, or until `deadline_ns` of system
/// time, where it is not 0.
///
/// # Errors
///
/// `EINVAL` for more than 128 ports, or one that is none.
pub fn poll(ports: &[Port], deadline_ns: u64) -> Result<()> {
    let argument = SchedPoll {
        ports: GuestAddress::new(address(ports)),
        nr_ports: u32::try_from(ports.len()).unwrap_or(u32::MAX),
        timeout_ns: deadline_ns,
        ..SchedPoll::default()
    };
    let arguments = [SchedOp::Poll as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument and the ports.
    unsafe { call(Hypercall::SchedOp, arguments) }.map(|_| ())
}

/// Ends the domain. Returns after a suspend alone, with 1 where that was cancelled.
///
/// # Errors
///
/// None that the ABI knows.
pub fn shutdown(reason: ShutdownReason) -> Result {
    let argument = SchedShutdown {
        reason: reason.number(),
    };
    let arguments = [SchedOp::Shutdown as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument.
    unsafe { call(Hypercall::SchedOp, arguments) }
}
