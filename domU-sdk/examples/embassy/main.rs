//! A kernel that was not written for Xen, on the SDK: embassy's executor and timers, as they are on
//! crates.io.
//!
//! All that embassy asks of a machine is in `driver.rs`, a clock and an alarm, and `executor.rs`, sleep
//! until there is something to do. `domU-sdk/PORTING.md` has the steps.
#![no_std]
#![no_main]

extern crate alloc;

mod driver;
mod executor;

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_executor::Spawner;
use embassy_time::{Duration, Instant, Ticker, Timer};
use ringwall_sdk::println;

ringwall_sdk::entry!(main);

/// How often the first task ticks, and for how long.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u32 = 10;
/// How late a task may wake up: an emulated machine takes its time.
const LATE: Duration = Duration::from_millis(50);

/// Ticks that were counted.
static COUNTED: AtomicU32 = AtomicU32::new(0);
/// Runs of the tasks that only yield.
static YIELDED: AtomicU32 = AtomicU32::new(0);

fn main() {
    executor::run(|spawner| {
        // Each has its place from the start: it is there for the first of its kind.
        spawner.spawn(watch(spawner).expect("the first one"));
    });
}

/// Starts the others, waits for them, and judges.
#[embassy_executor::task]
async fn watch(spawner: Spawner) {
    let start = Instant::now();
    spawner.spawn(tick().expect("the first one"));
    for number in 1..=3 {
        spawner.spawn(sleep(number).expect("there is room for three"));
    }
    spawner.spawn(yield_often().expect("the first one"));
    Timer::after(TICK * TICKS + TICK / 2).await;
    let elapsed = start.elapsed();
    let (ticks, yields) = (
        COUNTED.load(Ordering::Relaxed),
        YIELDED.load(Ordering::Relaxed),
    );
    println!(
        "after {} ms: {ticks} ticks, {yields} turns",
        elapsed.as_millis()
    );
    if ticks == TICKS && yields > 0 && elapsed < TICK * TICKS + TICK / 2 + LATE {
        println!("EMBASSY OK");
    } else {
        println!("EMBASSY FAILED");
    }
    println!("EMBASSY END");
    executor::end();
}

/// Counts, at a fixed rate.
#[embassy_executor::task]
async fn tick() {
    let mut ticker = Ticker::every(TICK);
    for _ in 0..TICKS {
        ticker.next().await;
        COUNTED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sleeps, each for its own time.
#[embassy_executor::task(pool_size = 3)]
async fn sleep(number: u32) {
    let asked = Duration::from_millis(150) * number;
    let start = Instant::now();
    Timer::after(asked).await;
    let slept = start.elapsed();
    println!(
        "task {number}: asked for {} ms, slept {} us more",
        asked.as_millis(),
        (slept - asked).as_micros()
    );
}

/// Lets others run, as often as it can.
#[embassy_executor::task]
async fn yield_often() {
    for _ in 0..1000 {
        yield_once().await;
        YIELDED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Once around the executor's queue.
async fn yield_once() {
    let mut asked = false;
    core::future::poll_fn(|context| {
        if asked {
            return core::task::Poll::Ready(());
        }
        asked = true;
        context.waker().wake_by_ref();
        core::task::Poll::Pending
    })
    .await;
}
