//! `SCHEDOP_block` unmasks upcalls and sleeps until one comes; where one waits, it comes at once, so that no
//! wake-up is lost: `public/sched.h`. `SCHEDOP_yield` always comes back. An operation that is none is `ENOSYS`.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use guests::events::{ipi, send, virq};
use guests::sdk::abi::sched::SchedOp;
use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::xen::{VcpuInfo, Virq};
use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::event::listen;
use guests::sdk::event::mask::is_masked;
use guests::sdk::start;
use guests::sdk::time::monotonic_ns;
use guests::{Answer, Check, Verdict, address, ask, ensure, equal, granted, refused};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;
static EVENTS: AtomicU64 = AtomicU64::new(0);

fn block() -> Answer {
    ask(Hypercall::SchedOp, [u64::from(SchedOp::Block.number()), 0])
}

fn check() -> Check {
    let info = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    let mask = info.u8(VcpuInfo::UPCALL_MASK);
    // A virtual CPU may start with a periodic timer.
    let stop = u64::from(VcpuOp::StopPeriodicTimer.number());
    granted("stop", ask(Hypercall::VcpuOp, [stop, 0, 0]))?;

    let port = ipi()?;
    listen(port, |_| _ = EVENTS.fetch_add(1, Ordering::SeqCst))?;
    mask.store(1, Ordering::SeqCst);
    granted("send", send(port))?;
    equal("events while masked", EVENTS.load(Ordering::SeqCst), 0)?;
    granted("block with an upcall that waits", block())?;
    ensure!(!is_masked(), "upcalls are still masked");
    equal("events", EVENTS.load(Ordering::SeqCst), 1)?;

    let timer = virq(Virq::Timer)?;
    listen(timer, |_| _ = EVENTS.fetch_add(1, Ordering::SeqCst))?;
    let deadline = monotonic_ns() + 20 * MILLISECOND;
    mask.store(1, Ordering::SeqCst);
    granted("timer", ask(Hypercall::SetTimerOp, [deadline]))?;
    granted("block", block())?;
    ensure!(monotonic_ns() >= deadline, "it woke early");
    equal("events", EVENTS.load(Ordering::SeqCst), 2)?;
    for _ in 0..100 {
        let operation = u64::from(SchedOp::Yield.number());
        granted("yield", ask(Hypercall::SchedOp, [operation, 0]))?;
    }
    for operation in [8, 99, u64::from(u32::MAX)] {
        let answer = ask(Hypercall::SchedOp, [operation, address(&[0_u64; 4])]);
        refused(operation, answer, &[Errno::ENOSYS])?;
    }
    Ok(())
}
