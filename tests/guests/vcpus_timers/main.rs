//! Each virtual CPU has timers of its own, whose events come to it: `public/vcpu.h`. A one-shot timer is set by its own
//! virtual CPU alone: of another it is `EINVAL`. A periodic one can be set from elsewhere.
#![no_std]
#![no_main]

extern crate alloc;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use guests::sdk::abi::vcpu::{SetPeriodicTimer, SetSingleshotTimer, VcpuOp};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{Errno, VcpuId};
use guests::sdk::event::Channel;
use guests::sdk::hypercall::{set_timer, vcpu_stop_periodic_timer, yield_now};
use guests::sdk::{event, time, vcpu};
use guests::vcpus::{SECOND, second, start, until};
use guests::{Check, address, equal, granted, refused};

guests::rule!(check);

static FIRST_GOT: AtomicU32 = AtomicU32::new(0);
static SECOND_GOT: AtomicU32 = AtomicU32::new(0);
static ASTRAY: AtomicU32 = AtomicU32::new(0);
static STOP: AtomicBool = AtomicBool::new(false);

fn check() -> Check {
    let timers = [(VcpuId::new(0), &FIRST_GOT), (SECOND, &SECOND_GOT)];
    let mut channels = alloc::vec::Vec::new();
    for (own, got) in timers {
        let channel = Channel::virq(Virq::Timer, own)?;
        channel.listen(move |_| {
            if vcpu::current() != own {
                ASTRAY.fetch_add(1, Ordering::SeqCst);
            }
            got.fetch_add(1, Ordering::SeqCst);
        })?;
        channels.push(channel);
    }
    let other = start(|| {
        let _ = set_timer(time::monotonic_ns() + 5_000_000);
        event::wait_until(|| SECOND_GOT.load(Ordering::SeqCst) > 0);
        // Then the periodic one, which the first has set. Xen's does not wake who sleeps.
        while !STOP.load(Ordering::SeqCst) {
            yield_now();
        }
    })?;
    until("a timer of the second", || {
        SECOND_GOT.load(Ordering::SeqCst) > 0
    })?;
    let shot = SetSingleshotTimer {
        timeout_abs_ns: time::monotonic_ns() + 1_000_000,
        ..SetSingleshotTimer::default()
    };
    let answer = second(VcpuOp::SetSingleshotTimer, address(&shot));
    refused("another's one-shot timer", answer, &[Errno::EINVAL])?;
    let answer = second(VcpuOp::StopSingleshotTimer, 0);
    refused("stopping it", answer, &[Errno::EINVAL])?;
    let period = SetPeriodicTimer {
        period_ns: 2_000_000,
    };
    let answer = second(VcpuOp::SetPeriodicTimer, address(&period));
    granted("another's periodic timer", answer)?;
    let until_then = SECOND_GOT.load(Ordering::SeqCst);
    until("five periods", || {
        SECOND_GOT.load(Ordering::SeqCst) >= until_then + 5
    })?;
    STOP.store(true, Ordering::SeqCst);
    other.join();
    vcpu_stop_periodic_timer(SECOND)?;
    equal("events gone astray", ASTRAY.load(Ordering::SeqCst), 0)?;
    let before = FIRST_GOT.load(Ordering::SeqCst);
    set_timer(time::monotonic_ns() + 1_000_000)?;
    until("a timer of the first", || {
        FIRST_GOT.load(Ordering::SeqCst) > before
    })?;
    equal("events gone astray", ASTRAY.load(Ordering::SeqCst), 0)
}
