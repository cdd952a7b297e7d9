//! `set_timer_op` makes `VIRQ_TIMER` pending at a system time: one in the past at once, one to come then and
//! not before, 0 stops it: `public/xen.h`, Linux's `xen_timerop_set_next_event`. A later call replaces an
//! earlier one; a time that is far away does not come.
#![no_std]
#![no_main]

use guests::events::{set_masked, take_pending, virq};
use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{Hypercall, Port};
use guests::sdk::hypercall::poll;
use guests::sdk::time::monotonic_ns;
use guests::{Check, ask, ensure, granted};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;

/// Waits for the port or until `limit_ns`; when it came.
fn wait(port: Port, limit_ns: u64) -> Result<Option<u64>, guests::Verdict> {
    loop {
        if take_pending(port) {
            return Ok(Some(monotonic_ns()));
        }
        if monotonic_ns() >= limit_ns {
            return Ok(None);
        }
        poll(&[port], limit_ns)?;
    }
}

fn set(deadline_ns: u64) -> Check {
    granted("set_timer_op", ask(Hypercall::SetTimerOp, [deadline_ns])).map(|_| ())
}

fn check() -> Check {
    let port = virq(Virq::Timer)?;
    set_masked(port, true);
    // A virtual CPU may start with a periodic timer.
    let stop = u64::from(VcpuOp::StopPeriodicTimer.number());
    granted("stop", ask(Hypercall::VcpuOp, [stop, 0, 0]))?;
    take_pending(port);

    let now = monotonic_ns();
    set(now - 5 * MILLISECOND)?;
    let came = wait(port, now + 100 * MILLISECOND)?;
    ensure!(came.is_some(), "a time in the past did not come");
    set(1)?;
    let came = wait(port, monotonic_ns() + 100 * MILLISECOND)?;
    ensure!(came.is_some(), "the first nanosecond did not come");

    let deadline = monotonic_ns() + 20 * MILLISECOND;
    set(deadline)?;
    match wait(port, deadline + 500 * MILLISECOND)? {
        None => ensure!(false, "a time to come did not come"),
        Some(at) => ensure!(at >= deadline, "it came {} ns early", deadline - at),
    }
    let now = monotonic_ns();
    set(now + 10 * MILLISECOND)?;
    set(0)?;
    let came = wait(port, now + 40 * MILLISECOND)?;
    ensure!(came.is_none(), "what was stopped came");
    let now = monotonic_ns();
    set(now + 10 * MILLISECOND)?;
    set(now + 1_000_000 * MILLISECOND)?;
    let came = wait(port, now + 40 * MILLISECOND)?;
    ensure!(came.is_none(), "what was replaced came");
    set(u64::MAX / 2)?;
    let came = wait(port, monotonic_ns() + 20 * MILLISECOND)?;
    ensure!(came.is_none(), "the end of time came");
    Ok(())
}
