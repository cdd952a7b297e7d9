//! `VCPUOP_set_periodic_timer` makes `VIRQ_TIMER` pending once a period, which is a millisecond at least:
//! `public/vcpu.h`. `VCPUOP_stop_periodic_timer` ends that.
#![no_std]
#![no_main]

use guests::events::{set_masked, take_pending, virq};
use guests::sdk::abi::vcpu::{SetPeriodicTimer, VcpuOp};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::hypercall::poll;
use guests::sdk::time::monotonic_ns;
use guests::{Answer, Check, address, ask, ensure, granted, refused, unless_xen};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;

fn set(period_ns: u64) -> Answer {
    let argument = SetPeriodicTimer { period_ns };
    let operation = u64::from(VcpuOp::SetPeriodicTimer.number());
    ask(Hypercall::VcpuOp, [operation, 0, address(&argument)])
}

/// Ticks while the virtual CPU runs: it is not woken up for them.
fn count(port: guests::sdk::abi::Port, for_ns: u64) -> u32 {
    let end = monotonic_ns() + for_ns;
    let mut count = 0;
    while monotonic_ns() < end {
        count += u32::from(take_pending(port));
    }
    count
}

fn check() -> Check {
    let port = virq(Virq::Timer)?;
    set_masked(port, true);
    refused("a period too short", set(1000), &[Errno::EINVAL])?;
    refused("no period", set(0), &[Errno::EINVAL])?;
    granted("10 ms", set(10 * MILLISECOND))?;
    let ticks = count(port, 105 * MILLISECOND);
    ensure!(
        (3..=11).contains(&ticks),
        "{ticks} ticks of 10 ms in 105 ms"
    );
    take_pending(port);
    let start = monotonic_ns();
    poll(&[port], start + 500 * MILLISECOND)?;
    let slept = monotonic_ns() - start;
    unless_xen!(
        slept < 400 * MILLISECOND,
        "not woken for {slept} ns: Xen's timer stops with its virtual CPU; ours goes on, as who sleeps waits for it"
    );
    let stop = u64::from(VcpuOp::StopPeriodicTimer.number());
    granted("stop", ask(Hypercall::VcpuOp, [stop, 0, 0]))?;
    count(port, 20 * MILLISECOND);
    let ticks = count(port, 50 * MILLISECOND);
    ensure!(ticks == 0, "{ticks} ticks after the end");
    Ok(())
}
