//! `sched_op`: yield, block, poll, shutdown.
// UNSAFETY: lends its own arguments to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::sched::{SchedOp, SchedPoll, SchedRemoteShutdown, SchedShutdown, ShutdownReason};
use ringwall_abi::{DomainId, GuestAddress, Hypercall, Mfn, Port};

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

/// Ends the domain as suspended, until its toolstack has it go on. `start_info` is the frame of the
/// start-of-day structure, which a toolstack writes that restores the domain.
///
/// 1 where the domain goes on as if nothing had been. 0 where it was restored: its shared page, ports and
/// grants are others.
///
/// # Errors
///
/// None that the ABI knows.
pub fn suspend(start_info: Mfn) -> Result {
    let argument = SchedShutdown {
        reason: ShutdownReason::Suspend.number(),
    };
    let arguments = [
        SchedOp::Shutdown as u64,
        address(&argument),
        start_info.raw(),
    ];
    // SAFETY: the hypervisor reads the argument. The frame is the toolstack's to write.
    unsafe { call(Hypercall::SchedOp, arguments) }
}

/// Says for what reason the domain is about to end by itself, and goes on.
///
/// # Errors
///
/// None that the ABI knows.
pub fn shutdown_code(reason: ShutdownReason) -> Result<()> {
    let argument = SchedShutdown {
        reason: reason.number(),
    };
    let arguments = [SchedOp::ShutdownCode as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument.
    unsafe { call(Hypercall::SchedOp, arguments) }.map(|_| ())
}

/// Ends another domain.
///
/// # Errors
///
/// `EPERM` where the domain may not, `ESRCH` for one that does not exist.
pub fn remote_shutdown(domain: DomainId, reason: ShutdownReason) -> Result<()> {
    let argument = SchedRemoteShutdown {
        domain_id: domain,
        reason: reason.number(),
        ..SchedRemoteShutdown::default()
    };
    let arguments = [SchedOp::RemoteShutdown as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument.
    unsafe { call(Hypercall::SchedOp, arguments) }.map(|_| ())
}
