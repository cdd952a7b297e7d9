//! The SDK's `shutdown::suspend` returns when the toolstack has called the suspension off, with all as it was: the clock, the
//! console, events. The privileged domain is told that it can't be suspended, and a domain with another virtual CPU up which
//! one that is: `public/sched.h`, `public/elfnote.h`. As dom0 the first alone is tried; `cargo xtask test sdk/suspend` boots
//! it as a domU.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, Ordering};

use guests::events::{ipi, is_pending, send, set_masked, take_pending};
use guests::sdk::shutdown::{self, SuspendError};
use guests::sdk::{hypercall, start, time, vcpu};
use guests::vcpus::SECOND;
use guests::{Check, ensure, equal, granted};

guests::rule!(check);

static STOP: AtomicBool = AtomicBool::new(false);

fn check() -> Check {
    if start::is_initial_domain() {
        return equal("dom0", shutdown::suspend(), Err(SuspendError::Privileged));
    }
    if vcpu::count() > 1 {
        let other = vcpu::start(SECOND, || {
            while !STOP.load(Ordering::SeqCst) {
                hypercall::yield_now();
            }
        })?;
        let result = shutdown::suspend();
        equal("with another one up", result, Err(SuspendError::Up(SECOND)))?;
        STOP.store(true, Ordering::SeqCst);
        other.join();
        while hypercall::vcpu_is_up(SECOND)? {
            hypercall::yield_now();
        }
    }
    let port = ipi()?;
    set_masked(port, true);
    granted("send", send(port))?;
    for _ in 0..2 {
        let before = time::monotonic_ns();
        equal("suspend", shutdown::suspend(), Ok(()))?;
        let after = time::monotonic_ns();
        ensure!(after > before, "it was {before} ns, and is {after} ns");
    }
    ensure!(
        is_pending(port) && take_pending(port),
        "what was pending is not"
    );
    granted("send", send(port))?;
    ensure!(take_pending(port), "an event does not come");
    Ok(())
}
