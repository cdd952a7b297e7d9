//! `sched_op` (29): yield, block, poll, shutdown, watchdogs.
//!
//! Results: 0, or a new watchdog's number; `EINVAL` for a bad port or too many, or a watchdog that is not
//! set; `ENOSPC` for a third watchdog; `ENOSYS`, `EFAULT`; `EPERM`, `ESRCH` for another domain.

use core::sync::atomic::Ordering;

use ringwall_abi::sched::{SchedOp, SchedPoll, SchedRemoteShutdown, SchedShutdown, SchedWatchdog};
use ringwall_abi::{Errno, Port};

use super::{Call, Result, Stop, read_element};
use crate::domain;
use crate::event::Bits;
use crate::vcpu::Vcpu;
use crate::{clock, schedule};

/// Most ports of one poll.
const MAX_POLL: u32 = 128;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    match SchedOp::from_number(call.number(0) & 0xffff_ffff) {
        Some(SchedOp::Yield) => {
            schedule::yield_now();
            Ok(0)
        }
        Some(SchedOp::Block) => {
            call.vcpu.set_masked(false);
            block(call.vcpu);
            Ok(0)
        }
        Some(SchedOp::Poll) => poll(call),
        Some(SchedOp::Shutdown) => {
            let request: SchedShutdown = call.read(1)?;
            // The ABI has one byte for it.
            let reason = u8::try_from(request.reason).unwrap_or(u8::MAX);
            domain::shut_down(call.domain(), reason);
            Ok(0)
        }
        Some(SchedOp::ShutdownCode) => {
            let request: SchedShutdown = call.read(1)?;
            let reason = u8::try_from(request.reason).unwrap_or(u8::MAX);
            call.domain().life().announce(reason);
            Ok(0)
        }
        Some(SchedOp::RemoteShutdown) => {
            let request: SchedRemoteShutdown = call.read(1)?;
            let other = call.other_domain(request.domain_id)?;
            domain::shut_down(other, u8::try_from(request.reason).unwrap_or(u8::MAX));
            Ok(0)
        }
        Some(SchedOp::Watchdog) => watchdog(call),
        Some(SchedOp::PinOverride) | None => Err(Errno::ENOSYS.into()),
    }
}

/// Waits for an event, unless one is there.
pub(crate) fn block(vcpu: &Vcpu) {
    // Asleep first, then a look: an event between the two wakes it.
    vcpu.blocked.store(true, Ordering::SeqCst);
    if vcpu.is_event_pending() {
        // Not by the flag alone: an entry before this one in a multicall may have put it to sleep.
        schedule::wake(vcpu);
    } else {
        schedule::stop(vcpu);
    }
}

/// Waits until one of the ports is pending, or time has come; the upcall may stay masked.
fn poll(call: &mut Call<'_>) -> Result {
    let request: SchedPoll = call.read(1)?;
    if request.nr_ports > MAX_POLL {
        return Err(Errno::EINVAL.into());
    }
    let domain = call.domain();
    let bits = Bits(domain);
    // A second poll of one multicall goes on with the first: it ends once.
    if !call.vcpu.polling.swap(true, Ordering::SeqCst) {
        domain.ports().begin_poll();
    }
    call.vcpu.blocked.store(true, Ordering::SeqCst);
    let outcome = (0..u64::from(request.nr_ports)).try_fold(false, |found, index| {
        let port = Port::new(read_element(request.ports, index)?);
        Ok::<_, Stop>(found | domain.ports().is_pending(port, &bits)?)
    });
    let passed = request.timeout_ns != 0 && request.timeout_ns <= clock::now_ns();
    let waits = matches!(outcome, Ok(false))
        && !passed
        && (!call.vcpu.is_event_pending() || call.vcpu.is_masked());
    if !waits {
        end_poll(call.vcpu);
        return outcome.map(|_| 0);
    }
    if request.timeout_ns != 0 {
        call.vcpu
            .poll_until
            .store(request.timeout_ns, Ordering::Relaxed);
        schedule::set_deadline(call.vcpu);
    }
    schedule::stop(call.vcpu);
    Ok(0)
}

/// Sets, puts off or clears a watchdog, which shuts the domain down when its time comes.
fn watchdog(call: &mut Call<'_>) -> Result {
    let request: SchedWatchdog = call.read(1)?;
    let domain = call.domain();
    let mut watchdogs = domain.watchdogs().lock();
    let id = watchdogs
        .request(request.id, request.timeout_s, clock::now_ns())
        .map_err(Errno::from)?;
    drop(watchdogs);
    // The time of a domain's watchdogs is waited for with the timers of its first virtual CPU.
    if let Some(first) = domain.vcpus().next() {
        schedule::set_deadline(first);
    }
    Ok(id.into())
}

fn end_poll(vcpu: &Vcpu) {
    schedule::wake(vcpu);
    if vcpu.polling.swap(false, Ordering::SeqCst) {
        vcpu.domain().ports().end_poll();
        vcpu.poll_until.store(0, Ordering::Relaxed);
    }
}

/// A virtual CPU that polled runs again: its guest looks at its ports itself.
pub(crate) fn finish_poll(vcpu: &Vcpu) {
    if vcpu.polling.load(Ordering::Relaxed) {
        end_poll(vcpu);
    }
}
