//! `SCHEDOP_watchdog`: number 0 sets a new watchdog, whose number is the result; there are two, `ENOSPC` beyond. With a
//! number, the time is put off, or the watchdog cleared by a time of 0: `public/sched.h`. One that is not set is
//! `EINVAL`, by which Linux's driver finds that there are watchdogs at all (`xen_wdt`).
#![no_std]
#![no_main]

use guests::sdk::abi::sched::{SchedOp, SchedWatchdog};
use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::time::monotonic_ns;
use guests::{Answer, Check, address, ask, ensure, equal, granted, refused, unless_xen};

guests::rule!(check);

const FAR_S: u32 = 1000;
/// `-ENOSPC` in 32 bits.
const SHORT: Answer = Answer(Errno::ENOSPC.to_rax() & 0xffff_ffff);

fn watchdog(id: u32, timeout_s: u32) -> Answer {
    let argument = SchedWatchdog { id, timeout_s };
    let operation = u64::from(SchedOp::Watchdog.number());
    ask(Hypercall::SchedOp, [operation, address(&argument)])
}

fn check() -> Check {
    let invalid = &[Errno::EINVAL];
    refused("as Linux looks for it", watchdog(u32::MAX, 0), invalid)?;
    for id in 1..=3 {
        refused("one that is not set", watchdog(id, FAR_S), invalid)?;
        refused("to clear one that is not set", watchdog(id, 0), invalid)?;
    }
    equal("the first", granted("new", watchdog(0, 1))?, 1)?;
    equal("the second", granted("new", watchdog(0, FAR_S))?, 2)?;
    let third = watchdog(0, FAR_S);
    ensure!(
        third.is(Errno::ENOSPC) || third == SHORT,
        "a third: {third}"
    );
    unless_xen!(
        third != SHORT,
        "the error of a third has 32 bits, which is a number of a watchdog to a guest of 64"
    );
    // The first would run out in the course of this, were it not put off.
    let start = monotonic_ns();
    while monotonic_ns() < start + 1_500_000_000 {
        equal("put off", granted("poke", watchdog(1, 1))?, 0)?;
    }
    equal("cleared", granted("clear", watchdog(1, 0))?, 0)?;
    refused("cleared already", watchdog(1, 0), invalid)?;
    let start = monotonic_ns();
    while monotonic_ns() < start + 1_200_000_000 {}
    equal("its number again", granted("new", watchdog(0, FAR_S))?, 1)?;
    for id in [1, 2] {
        equal("cleared", granted("clear", watchdog(id, 0))?, 0)?;
    }
    let operation = u64::from(SchedOp::Watchdog.number());
    let answer = ask(Hypercall::SchedOp, [operation, 0x10]);
    refused("no argument", answer, &[Errno::EFAULT])?;
    ensure!(monotonic_ns() > start, "the clock stands still");
    Ok(())
}
