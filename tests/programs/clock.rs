//! How long a second's sleep takes, and whether the monotonic clock ever runs backwards.

use std::thread::sleep;
use std::time::{Duration, Instant};

fn main() {
    let second = Duration::from_secs(1);
    let naps = (0..5).map(|_| {
        let start = Instant::now();
        sleep(second);
        start.elapsed().as_secs_f64()
    });
    // A busy host makes single sleeps longer, never shorter: nearest to the truth is the shortest.
    let best = naps.fold(f64::INFINITY, f64::min);
    println!("best_of_five={best:.6}");

    let (mut backwards, mut last) = (0, Instant::now());
    for _ in 0..100_000 {
        let now = Instant::now();
        backwards += u32::from(now < last);
        last = now;
    }
    println!("backwards={backwards}");
}
