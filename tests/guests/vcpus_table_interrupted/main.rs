//! Two virtual CPUs pin and unpin the same tables, each while the other is in the middle of it: each pin that is granted is
//! followed by one unpin that is, whoever makes them, and at last nothing is a table. `public/xen.h`, `MMUEXT_PIN_L4_TABLE`;
//! Lesson 5: what was interrupted may be taken up by anyone, and is counted once.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use guests::memory::{extended, pin, unpin};
use guests::sdk::abi::xen::{MmuExtCommand, Virq};
use guests::sdk::abi::{Errno, Mfn, VcpuId};
use guests::sdk::event::Channel;
use guests::sdk::hypercall::{set_timer, yield_now};
use guests::sdk::memory::entry::Level;
use guests::sdk::sync::Lock;
use guests::sdk::time::monotonic_ns;
use guests::tree::Tree;
use guests::vcpus::{SECOND, start};
use guests::{Check, ensure, granted, refused};

guests::rule!(check);

const ROUNDS: u32 = 12;
/// How soon the next timer comes.
const PERIOD_NS: u64 = 200_000;

/// Pins that were granted, without unpins that were.
static PINS: AtomicI32 = AtomicI32::new(0);
/// How often the one in the middle let the other one run.
static TIMES: AtomicU32 = AtomicU32::new(0);
/// Operations that were granted.
static GRANTED: AtomicU32 = AtomicU32::new(0);
static FOUND: Lock<Check> = Lock::new(Ok(()));

fn check() -> Check {
    let tree = Tree::new(1)?;
    let root = tree.root().frame;
    let timers = [timer(VcpuId::new(0))?, timer(SECOND)?];
    let other = start(move || work(root))?;
    work(root);
    other.join();
    drop(timers);
    core::mem::replace(&mut *FOUND.lock(), Ok(()))?;
    ensure!(
        TIMES.load(Ordering::SeqCst) > ROUNDS,
        "nothing was interrupted"
    );
    let granted_count = GRANTED.load(Ordering::SeqCst);
    ensure!(granted_count >= 2 * ROUNDS, "{granted_count} were granted");
    // Each virtual CPU does what it has left to do with its next operation; the other one is done.
    let flush = extended(MmuExtCommand::TlbFlushLocal, 0, 0);
    granted("a flush", flush)?;
    match PINS.load(Ordering::SeqCst) {
        0 => refused("an unpin too many", unpin(root), &[Errno::EINVAL])?,
        1 => granted("the last unpin", unpin(root)).map(|_| ())?,
        odd => ensure!(odd == 0, "{odd} pins are left"),
    }
    tree.is_free()?;
    tree.changes_levels()?;
    tree.give_back()
}

/// A timer of a virtual CPU, at each of whose events the other one runs.
fn timer(own: VcpuId) -> Result<Channel, guests::Verdict> {
    let timer = Channel::virq(Virq::Timer, own)?;
    timer.listen(|_| {
        TIMES.fetch_add(1, Ordering::SeqCst);
        yield_now();
        let _ = set_timer(monotonic_ns() + PERIOD_NS);
    })?;
    Ok(timer)
}

/// Pins and unpins; either may be the other's to have done.
fn work(root: Mfn) {
    let _ = set_timer(monotonic_ns() + PERIOD_NS);
    for _ in 0..ROUNDS {
        for (answer, count) in [(pin(root, Level::L4), 1), (unpin(root), -1)] {
            if answer.is_ok() {
                PINS.fetch_add(count, Ordering::SeqCst);
                GRANTED.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            let check = refused("one of both", answer, &[Errno::EINVAL, Errno::EBUSY]);
            let mut found = FOUND.lock();
            if found.is_ok() {
                *found = check;
            }
        }
    }
    let _ = extended(MmuExtCommand::TlbFlushLocal, 0, 0);
}
