//! ringd's own log: lines on standard error.

use std::io::Write as _;
use std::time::SystemTime;

use log::{LevelFilter, Log, Metadata, Record};

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        let level = record.level().as_str().to_ascii_lowercase();
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(std::io::stderr(), "{time} {level}: {}", record.args());
    }

    fn flush(&self) {}
}

/// Starts it; `RINGD_LOG=debug` says more.
pub(crate) fn start() {
    let wanted = std::env::var("RINGD_LOG").ok();
    let level = wanted.and_then(|level| level.parse().ok());
    log::set_max_level(level.unwrap_or(LevelFilter::Info));
    // It fails only where there is one already.
    let _ = log::set_logger(&Logger);
}
