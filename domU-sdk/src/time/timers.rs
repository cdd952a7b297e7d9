//! One-shot timers: closures with deadlines, by virtual CPU.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use ringwall_abi::VcpuId;
use ringwall_abi::xen::{LEGACY_MAX_VCPUS, Virq};

use super::monotonic_ns;
use crate::event::Channel;
use crate::raw::registers;
use crate::sync::Lock;
use crate::{event, hypercall};

/// What is done when the time has come.
type Action = Box<dyn FnOnce() + Send>;

/// A timer's deadline and its number, by which timers of one deadline come in their order.
type Key = (u64, u64);

struct Timers {
    /// What waits, by deadline.
    waiting: BTreeMap<Key, Action>,
    next: u64,
    /// The virtual interrupt, once there was a timer.
    interrupt: Option<Channel>,
}

static TIMERS: [Lock<Timers>; LEGACY_MAX_VCPUS] = [const {
    Lock::new(Timers {
        waiting: BTreeMap::new(),
        next: 0,
        interrupt: None,
    })
}; LEGACY_MAX_VCPUS];

/// A timer that waits. It goes off whether or not this is kept.
#[derive(Debug)]
pub struct Timer {
    vcpu: VcpuId,
    key: Key,
}

/// Runs a closure on this virtual CPU at `deadline_ns` of system time or soon after, as handlers of events
/// run; at once where that is past.
///
/// # Errors
///
/// `EEXIST` where somebody else has bound this virtual CPU's timer interrupt.
pub fn at(deadline_ns: u64, action: impl FnOnce() + Send + 'static) -> hypercall::Result<Timer> {
    let vcpu = registers::vcpu();
    let lock = of(vcpu)?;
    if lock.lock().interrupt.is_none() {
        let channel = Channel::virq(Virq::Timer, vcpu)?;
        channel.listen(|_| expired())?;
        lock.lock().interrupt = Some(channel);
    }
    let mut timers = lock.lock();
    let key = (deadline_ns, timers.next);
    timers.next += 1;
    timers.waiting.insert(key, Box::new(action));
    arm(&timers)?;
    Ok(Timer { vcpu, key })
}

impl Timer {
    /// Takes it back; false where it has gone off.
    pub fn cancel(self) -> bool {
        let Ok(timers) = of(self.vcpu) else {
            return false;
        };
        // The interrupt still comes, and finds nothing to do.
        timers.lock().waiting.remove(&self.key).is_some()
    }
}

/// Sleeps until `deadline_ns` of system time. Events are handled meanwhile.
pub fn sleep_until(deadline_ns: u64) {
    while monotonic_ns() < deadline_ns {
        // Without ports it is the deadline alone that ends it, or an upcall.
        if event::wait(&[], Some(deadline_ns)).is_err() {
            hypercall::yield_now();
        }
    }
}

/// Sleeps for so many nanoseconds. Events are handled meanwhile.
pub fn sleep_ns(duration_ns: u64) {
    sleep_until(monotonic_ns().saturating_add(duration_ns));
}

fn of(vcpu: VcpuId) -> hypercall::Result<&'static Lock<Timers>> {
    use ringwall_abi::{Errno, Hypercall};

    TIMERS
        .get(vcpu.raw() as usize)
        .ok_or(hypercall::Error::before(Hypercall::VcpuOp, Errno::ENOENT))
}

/// Sets the hypervisor's timer to the first deadline.
fn arm(timers: &Timers) -> hypercall::Result<()> {
    match timers.waiting.first_key_value() {
        // 0 would stop the timer.
        Some(((deadline, _), _)) => hypercall::set_timer((*deadline).max(1)),
        None => Ok(()),
    }
}

/// Runs what is due.
fn expired() {
    let Ok(lock) = of(registers::vcpu()) else {
        return;
    };
    loop {
        let action = {
            let mut timers = lock.lock();
            let due = timers
                .waiting
                .first_key_value()
                .is_some_and(|((deadline, _), _)| *deadline <= monotonic_ns());
            if !due {
                // An early interrupt too: the clock decides.
                let _ = arm(&timers);
                return;
            }
            timers.waiting.pop_first()
        };
        if let Some((_, action)) = action {
            action();
        }
    }
}
