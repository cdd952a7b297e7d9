//! A line on the terminal while something long runs.

use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Runs `work` under a spinner that says `what`; leaves one line if it took long.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")?;
    let bar = ProgressBar::new_spinner()
        .with_style(style)
        .with_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    let start = Instant::now();
    let result = work();
    bar.finish_and_clear();
    let elapsed = start.elapsed();
    if result.is_ok() && elapsed > Duration::from_secs(1) {
        eprintln!("{what}: {:.1} s", elapsed.as_secs_f64());
    }
    result
}
