//! What is sent to a port of `EVTCHNOP_bind_ipi` comes to the virtual CPU that it is bound to, wakes it, and is never
//! lost, whoever was first: `public/event_channel.h`. One that is down has it when it is up. Lessons 38 and 39: ports that
//! are bound and closed while the other one sends to them are ports, or none.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use guests::events::{close, is_pending, send, status};
use guests::sdk::abi::event_channel::PortStatus;
use guests::sdk::abi::{Errno, Port, VcpuId};
use guests::sdk::event::Channel;
use guests::sdk::hypercall::{event_bind_ipi, yield_now};
use guests::sdk::{event, vcpu};
use guests::vcpus::{SECOND, start, until};
use guests::{Check, ensure, equal, granted};

guests::rule!(check);

const ROUNDS: u32 = 1000;

/// Events that came to each.
static FIRST_GOT: AtomicU32 = AtomicU32::new(0);
static SECOND_GOT: AtomicU32 = AtomicU32::new(0);
/// Events that came to the wrong one.
static ASTRAY: AtomicU32 = AtomicU32::new(0);
static STOP: AtomicBool = AtomicBool::new(false);
/// The port that comes and goes.
static PORT: AtomicU32 = AtomicU32::new(0);
/// Answers that a send to it may not have.
static ODD: AtomicU32 = AtomicU32::new(0);

fn check() -> Check {
    let to_first = Arc::new(Channel::ipi(VcpuId::new(0))?);
    let to_second = Arc::new(Channel::ipi(SECOND)?);
    for (channel, own, got) in [(&to_first, 0, &FIRST_GOT), (&to_second, 1, &SECOND_GOT)] {
        channel.listen(move |_| {
            if vcpu::current().raw() != own {
                ASTRAY.fetch_add(1, Ordering::SeqCst);
            }
            got.fetch_add(1, Ordering::SeqCst);
        })?;
    }
    equal(
        "status",
        status(to_second.port())?,
        (PortStatus::Ipi, SECOND),
    )?;

    // Down: it has the event when it is up.
    granted("send to one that is down", send(to_second.port()))?;
    ensure!(is_pending(to_second.port()), "nothing is pending");
    equal("handled by nobody", SECOND_GOT.load(Ordering::SeqCst), 0)?;
    let answer = to_first.clone();
    let other = start(move || {
        // Each waits for the other's event: one that is lost ends the game.
        for round in 1..=ROUNDS {
            event::wait_until(|| SECOND_GOT.load(Ordering::SeqCst) >= round);
            let _ = answer.send();
        }
        while !STOP.load(Ordering::SeqCst) {
            let port = Port::new(PORT.load(Ordering::SeqCst));
            let answer = send(port);
            if !answer.is_ok() && !answer.is(Errno::EINVAL) {
                ODD.fetch_add(1, Ordering::SeqCst);
            }
            yield_now();
        }
    })?;
    for round in 1..=ROUNDS {
        until("an answer", || FIRST_GOT.load(Ordering::SeqCst) >= round)?;
        if round < ROUNDS {
            to_second.send()?;
        }
    }
    equal(
        "events of the second",
        SECOND_GOT.load(Ordering::SeqCst),
        ROUNDS,
    )?;
    equal(
        "events of the first",
        FIRST_GOT.load(Ordering::SeqCst),
        ROUNDS,
    )?;
    equal("events gone astray", ASTRAY.load(Ordering::SeqCst), 0)?;

    for _ in 0..200 {
        let port = event_bind_ipi(SECOND)?;
        PORT.store(port.raw(), Ordering::SeqCst);
        yield_now();
        granted("close", close(port))?;
        yield_now();
    }
    STOP.store(true, Ordering::SeqCst);
    other.join();
    equal("odd answers", ODD.load(Ordering::SeqCst), 0)
}
