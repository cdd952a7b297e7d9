//! `SCHEDOP_poll` ends at its time, whatever becomes of the virtual CPU's timers meanwhile: `public/sched.h`. Another one
//! may set and stop its periodic timer while it sleeps.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use guests::sdk::abi::sched::{SchedOp, SchedPoll};
use guests::sdk::abi::vcpu::{SetPeriodicTimer, VcpuOp};
use guests::sdk::abi::{GuestAddress, Hypercall, Port};
use guests::sdk::hypercall::event_bind_ipi;
use guests::sdk::time::monotonic_ns;
use guests::vcpus::{SECOND, second, start, until};
use guests::{Check, address, ask, ensure, granted};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;
/// How long a poll is to last.
const LASTS: u64 = 60 * MILLISECOND;

/// When the second one began to poll, and when it went on.
static BEGAN: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

fn check() -> Check {
    let port = event_bind_ipi(SECOND)?;
    let far = SetPeriodicTimer {
        period_ns: 3_000 * MILLISECOND,
    };
    for (operation, argument) in [
        (VcpuOp::StopPeriodicTimer, 0),
        (VcpuOp::SetPeriodicTimer, address(&far)),
    ] {
        granted("no timer", second(VcpuOp::StopPeriodicTimer, 0))?;
        BEGAN.store(0, Ordering::SeqCst);
        ENDED.store(0, Ordering::SeqCst);
        let other = start(move || poll(port))?;
        until("the second runs", || BEGAN.load(Ordering::SeqCst) != 0)?;
        // From here on it sleeps: this runs.
        let pause = monotonic_ns() + 5 * MILLISECOND;
        while monotonic_ns() < pause {
            guests::sdk::hypercall::yield_now();
        }
        granted("a timer meanwhile", second(operation, argument))?;
        until("the end of the poll", || ENDED.load(Ordering::SeqCst) != 0)?;
        let lasted = ENDED.load(Ordering::SeqCst) - BEGAN.load(Ordering::SeqCst);
        ensure!(lasted >= LASTS, "it ended after {lasted} ns");
        other.join();
    }
    granted("no timer", second(VcpuOp::StopPeriodicTimer, 0))?;
    Ok(())
}

fn poll(port: Port) {
    let ports = [port];
    let begin = monotonic_ns();
    let argument = SchedPoll {
        ports: GuestAddress::new(address(&ports)),
        nr_ports: 1,
        timeout_ns: begin + LASTS,
        ..SchedPoll::default()
    };
    BEGAN.store(begin, Ordering::SeqCst);
    let operation = u64::from(SchedOp::Poll.number());
    ask(Hypercall::SchedOp, [operation, address(&argument)]);
    ENDED.store(monotonic_ns(), Ordering::SeqCst);
}
