//! `VCPUOP_set_singleshot_timer` is a timer of its own virtual CPU, with `VCPU_SSHOTTMR_future` refused with
//! `ETIME` where the time is past: `public/vcpu.h`. Only the virtual CPU itself sets it: `EINVAL`.
#![no_std]
#![no_main]

use guests::events::{set_masked, take_pending, virq};
use guests::sdk::abi::vcpu::{SetSingleshotTimer, SingleshotFlags, VcpuOp};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{Errno, Hypercall, Port};
use guests::sdk::hypercall::poll;
use guests::sdk::time::monotonic_ns;
use guests::{Answer, Check, address, ask, differs, ensure, granted, refused};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;

fn set(deadline_ns: u64, flags: SingleshotFlags) -> Answer {
    let argument = SetSingleshotTimer {
        timeout_abs_ns: deadline_ns,
        flags,
        ..SetSingleshotTimer::default()
    };
    let operation = u64::from(VcpuOp::SetSingleshotTimer.number());
    ask(Hypercall::VcpuOp, [operation, 0, address(&argument)])
}

fn comes_by(port: Port, limit_ns: u64) -> Result<bool, guests::Verdict> {
    while monotonic_ns() < limit_ns {
        poll(&[port], limit_ns)?;
        if take_pending(port) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn check() -> Check {
    let port = virq(Virq::Timer)?;
    set_masked(port, true);
    // A virtual CPU may start with a periodic timer.
    let stop = u64::from(VcpuOp::StopPeriodicTimer.number());
    granted("stop", ask(Hypercall::VcpuOp, [stop, 0, 0]))?;
    take_pending(port);
    let soon = monotonic_ns() + 10 * MILLISECOND;
    granted("to come", set(soon, SingleshotFlags::empty()))?;
    ensure!(comes_by(port, soon + 500 * MILLISECOND)?, "it did not come");
    ensure!(monotonic_ns() >= soon, "it came early");
    let past = monotonic_ns() - MILLISECOND;
    granted("past", set(past, SingleshotFlags::empty()))?;
    ensure!(
        comes_by(port, monotonic_ns() + 100 * MILLISECOND)?,
        "the past did not come"
    );
    let answer = set(past, SingleshotFlags::FUTURE);
    if answer.is_ok() {
        differs("it ignores VCPU_SSHOTTMR_future, which public/vcpu.h says is refused by ETIME");
        comes_by(port, monotonic_ns() + 20 * MILLISECOND)?;
    } else {
        refused("past, with the flag", answer, &[Errno::ETIME])?;
        let came = comes_by(port, monotonic_ns() + 20 * MILLISECOND)?;
        ensure!(!came, "what was refused came");
    }
    let later = monotonic_ns() + 10 * MILLISECOND;
    granted(
        "to come, with the flag",
        set(later, SingleshotFlags::FUTURE),
    )?;
    let stop = u64::from(VcpuOp::StopSingleshotTimer.number());
    granted("stop", ask(Hypercall::VcpuOp, [stop, 0, 0]))?;
    ensure!(
        !comes_by(port, later + 20 * MILLISECOND)?,
        "what was stopped came"
    );
    refused(
        "of no virtual CPU",
        ask(Hypercall::VcpuOp, [stop, 4095, 0]),
        &[Errno::ENOENT],
    )?;
    let operation = u64::from(VcpuOp::SetSingleshotTimer.number());
    let unreadable = ask(Hypercall::VcpuOp, [operation, 0, 0x10]);
    refused("no argument", unreadable, &[Errno::EFAULT])
}
