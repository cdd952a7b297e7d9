//! Several virtual CPUs: work on each, signals between them. `dom0_max_vcpus=4` gives dom0 four.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ringwall_sdk::abi::VcpuId;
use ringwall_sdk::event::Channel;
use ringwall_sdk::{event, hypercall, println, time, vcpu};

ringwall_sdk::entry!(main);

/// Signals that came to the first virtual CPU.
static SIGNALS: AtomicU32 = AtomicU32::new(0);

fn main() -> hypercall::Result<()> {
    let count = vcpu::count();
    println!("VCPUS there are {count}");
    let signal = Arc::new(Channel::ipi(VcpuId::new(0))?);
    signal.listen(|_| {
        SIGNALS.fetch_add(1, Ordering::SeqCst);
    })?;
    let total = Arc::new(AtomicU64::new(0));
    // Twice: one that was down can be started again.
    for round in 1..=2 {
        let mut tasks = Vec::new();
        for number in 1..count {
            let (total, signal) = (total.clone(), signal.clone());
            tasks.push(vcpu::start(VcpuId::new(number), move || {
                let own = u64::from(vcpu::current().raw());
                total.fetch_add(own * 100, Ordering::SeqCst);
                time::sleep_ns(1_000_000);
                let _ = signal.send();
            })?);
        }
        for task in tasks {
            task.join();
        }
        println!(
            "VCPUS round {round}: total {}",
            total.load(Ordering::SeqCst)
        );
    }
    if count > 1 {
        event::wait_until(|| SIGNALS.load(Ordering::SeqCst) > 0);
    }
    let none = vcpu::start(VcpuId::new(count), || {});
    match none {
        Ok(_) => println!("VCPUS one too many started"),
        Err(error) => println!("VCPUS one too many: {error}"),
    }
    println!("VCPUS END");
    Ok(())
}
