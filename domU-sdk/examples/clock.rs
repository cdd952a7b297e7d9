//! The clock: reads it, sleeps, and lets timers go off.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use ringwall_sdk::{event, hypercall, println, time};

ringwall_sdk::entry!(main);

const MILLISECOND: u64 = 1_000_000;

fn main() -> hypercall::Result<()> {
    let seconds = time::wall_clock_ns() / 1_000_000_000;
    println!("CLOCK wall clock: {seconds} s since 1970");

    let before = time::monotonic_ns();
    time::sleep_ns(20 * MILLISECOND);
    let slept = time::monotonic_ns() - before;
    println!("CLOCK slept {} ms of 20", slept / MILLISECOND);

    let fired = Arc::new(AtomicU32::new(0));
    let start = time::monotonic_ns();
    for (number, delay) in [(2, 100), (1, 50), (3, 150)] {
        let fired = fired.clone();
        time::at(start + delay * MILLISECOND, move || {
            let order = fired.fetch_add(1, Ordering::SeqCst) + 1;
            println!("CLOCK timer {number} is number {order} to go off");
        })?;
    }
    let never = time::at(start + 10_000 * MILLISECOND, || {
        println!("CLOCK cancelled?")
    })?;
    println!("CLOCK cancelled: {}", never.cancel());
    event::wait_until(|| fired.load(Ordering::SeqCst) == 3);
    println!(
        "CLOCK after {} ms",
        (time::monotonic_ns() - start) / MILLISECOND
    );
    println!("CLOCK END");
    Ok(())
}
