//! `SCHEDOP_poll` sleeps until one of its ports is pending, masked or not, or until a time: `public/sched.h`.
//! A port that is pending already, or a time that is past, ends it at once. At most 128 ports; one that is
//! none is `EINVAL`. Upcalls stay as they were. The virtual CPU's timers have times of their own.
#![no_std]
#![no_main]

use guests::events::{NO_PORT, ipi, send, set_masked, take_pending};
use guests::sdk::abi::sched::{SchedOp, SchedPoll};
use guests::sdk::abi::xen::MulticallEntry;
use guests::sdk::abi::{Errno, GuestAddress, Hypercall, Port};
use guests::sdk::time::monotonic_ns;
use guests::{Answer, Check, address, address_mut, ask, ensure, granted, refused};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;

fn poll(ports: &[Port], count: u32, deadline_ns: u64) -> Answer {
    let argument = SchedPoll {
        ports: GuestAddress::new(address(ports)),
        nr_ports: count,
        timeout_ns: deadline_ns,
        ..SchedPoll::default()
    };
    let operation = u64::from(SchedOp::Poll.number());
    ask(Hypercall::SchedOp, [operation, address(&argument)])
}

/// Polls until a time, and sets the timer, in one `multicall`: as another virtual CPU could meanwhile. The
/// timer that is far away ends the test where the poll's time is lost.
fn poll_and_set_timer(port: Port, deadline_ns: u64) -> Answer {
    let ports = [port];
    let argument = SchedPoll {
        ports: GuestAddress::new(address(&ports)),
        nr_ports: 1,
        timeout_ns: deadline_ns,
        ..SchedPoll::default()
    };
    let far = deadline_ns + 1000 * MILLISECOND;
    let mut list = [
        MulticallEntry {
            op: u64::from(Hypercall::SchedOp.number()),
            args: [
                u64::from(SchedOp::Poll.number()),
                address(&argument),
                0,
                0,
                0,
                0,
            ],
            ..MulticallEntry::default()
        },
        MulticallEntry {
            op: u64::from(Hypercall::SetTimerOp.number()),
            args: [far, 0, 0, 0, 0, 0],
            ..MulticallEntry::default()
        },
    ];
    let answer = ask(
        Hypercall::Multicall,
        [address_mut(&mut list), list.len() as u64],
    );
    ask(Hypercall::SetTimerOp, [0]);
    answer
}

fn check() -> Check {
    let port = ipi()?;
    set_masked(port, true);
    let start = monotonic_ns();
    granted("a time", poll(&[port], 1, start + 20 * MILLISECOND))?;
    ensure!(monotonic_ns() >= start + 20 * MILLISECOND, "it ended early");
    // A timer that changes after the poll's time was set has a time of its own.
    let start = monotonic_ns();
    granted(
        "a timer meanwhile",
        poll_and_set_timer(port, start + 20 * MILLISECOND),
    )?;
    let end = monotonic_ns();
    ensure!(
        (start + 20 * MILLISECOND..start + 900 * MILLISECOND).contains(&end),
        "it ended after {} ms",
        (end - start) / MILLISECOND
    );
    granted("a time that is past", poll(&[port], 1, start))?;
    granted("send", send(port))?;
    let start = monotonic_ns();
    granted("pending", poll(&[port], 1, start + 5_000 * MILLISECOND))?;
    ensure!(
        monotonic_ns() < start + 4_000 * MILLISECOND,
        "it slept with a port pending"
    );
    take_pending(port);
    granted("no ports", poll(&[], 0, monotonic_ns() + MILLISECOND))?;
    let invalid = &[Errno::EINVAL];
    refused("no port", poll(&[NO_PORT], 1, start), invalid)?;
    refused("too many", poll(&[port; 129], 129, start), invalid)?;
    refused(
        "more than there can be",
        poll(&[port], u32::MAX, start),
        invalid,
    )?;
    let operation = u64::from(SchedOp::Poll.number());
    let answer = ask(Hypercall::SchedOp, [operation, 0x10]);
    refused("no argument", answer, &[Errno::EFAULT])
}
