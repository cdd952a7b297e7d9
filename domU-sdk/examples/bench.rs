//! What things cost: nanoseconds of system time, one line each.
//!
//! Under QEMU's `-icount shift=0` (`cargo xtask run --icount`) a nanosecond is an instruction.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use core::error::Error;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_sdk::abi::{DomainId, VcpuId};
use ringwall_sdk::event::Channel;
use ringwall_sdk::grant::{self, End};
use ringwall_sdk::memory::entry::Access;
use ringwall_sdk::memory::{self, Page, Window};
use ringwall_sdk::trap::probe::{self, Instruction};
use ringwall_sdk::{event, hypercall, println, time};

ringwall_sdk::entry!(main);

/// How often each is done; the least counts.
const ROUNDS: usize = 200;
/// A domain may grant to itself, by its own number; this is dom0.
const OWN: DomainId = DomainId::DOM0;

fn main() -> Result<(), Box<dyn Error>> {
    measure("nothing", || {});
    measure("clock read", || {
        let _ = time::monotonic_ns();
    });
    measure("hypercall: xen_version", || {
        let _ = hypercall::xen_version();
    });
    measure("hypercall: sched_op yield", hypercall::yield_now);
    measure("hypercall: memory_op current_reservation", || {
        let _ = hypercall::current_reservation(DomainId::SELF);
    });
    measure("hypercall: vcpu_op is_up", || {
        let _ = hypercall::vcpu_is_up(VcpuId::new(0));
    });
    measure("hypercall: set_timer_op", || {
        let _ = hypercall::set_timer(0);
    });
    measure("fault: invalid instruction, and back", || {
        let _ = probe::execute(Instruction::Ud2);
    });
    measure("fault: page fault, and back", || {
        let _ = probe::read(0x1000);
    });
    mappings()?;
    events()?;
    grants()?;
    println!("BENCH END");
    Ok(())
}

fn mappings() -> Result<(), Box<dyn Error>> {
    let mut window = Window::new(1)?;
    let page = Page::new().ok_or(memory::Error::NoMemory)?;
    window.map(0, page, Access::ReadWrite)?;
    measure("page: protect, with a flush", || {
        let _ = window.protect(0, Access::ReadOnly);
    });
    measure("page: from the heap, and back", || drop(Page::new()));
    Ok(())
}

/// A signal to itself: sent, the upcall, the handler, and back.
fn events() -> Result<(), Box<dyn Error>> {
    let channel = Channel::ipi(VcpuId::new(0))?;
    measure("event: sent to a masked port", || {
        let _ = channel.send();
    });
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    channel.listen(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    })?;
    measure("event: round trip to its handler", || {
        let before = count.load(Ordering::Relaxed);
        let _ = channel.send();
        event::wait_until(|| count.load(Ordering::Relaxed) > before);
    });
    Ok(())
}

fn grants() -> Result<(), Box<dyn Error>> {
    let page = Arc::new(Page::new().ok_or(memory::Error::NoMemory)?);
    let target = Page::new().ok_or(memory::Error::NoMemory)?;
    let grant = grant::share(&page, OWN, Access::ReadOnly)?;
    let reference = grant.reference();
    let granted = End::Granted(OWN, reference, 0);
    for (name, length) in [
        ("grant: copy of 64 bytes", 64),
        ("grant: copy of a page", 4096),
    ] {
        measure(name, || {
            let _ = grant::copy(granted, End::Own(&target, 0), length);
        });
    }
    measure("grant: map and unmap", || {
        drop(grant::map(OWN, &[reference], Access::ReadOnly));
    });
    measure("grant: share and revoke", || {
        drop(grant::share(&page, OWN, Access::ReadOnly));
    });
    Ok(())
}

fn measure(name: &str, mut operation: impl FnMut()) {
    let mut least = u64::MAX;
    for _ in 0..ROUNDS {
        let start = time::monotonic_ns();
        operation();
        least = least.min(time::monotonic_ns() - start);
    }
    println!("BENCH {name:44} {least:8} ns");
}
