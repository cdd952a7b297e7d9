//! Messages: a level, a prefix, and where they go.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU8, Ordering};

use ringwall_model::log::Limiter;
use spin::Once;

use super::{ring, serial};

/// How much a message matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Level {
    /// Something failed.
    Error = 0,
    /// Something is not as it should be; the rest goes on.
    Warning = 1,
    /// Worth knowing.
    Info = 2,
    /// For developers.
    Debug = 3,
}

/// Messages above a threshold are dropped. `None` drops all.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// For the hypervisor's own messages.
    pub host: Option<Level>,
    /// For messages about what guests did.
    pub guest: Option<Level>,
}

static HOST: AtomicU8 = AtomicU8::new(Level::Info as u8 + 1);
static GUEST: AtomicU8 = AtomicU8::new(Level::Warning as u8 + 1);

/// Sets what is dropped.
pub fn set_thresholds(thresholds: Thresholds) {
    let number = |level: Option<Level>| level.map_or(0, |level| level as u8 + 1);
    HOST.store(number(thresholds.host), Ordering::Relaxed);
    GUEST.store(number(thresholds.guest), Ordering::Relaxed);
}

/// Lines about guests in a second.
const GUEST_LINES: u32 = 10;
static GUEST_LIMIT: Limiter = Limiter::new(GUEST_LINES);
static CLOCK: Once<fn() -> u64> = Once::new();

/// Gives the clock, in ns, by which lines about guests are limited.
pub fn set_clock(now_ns: fn() -> u64) {
    CLOCK.call_once(|| now_ns);
}

struct Sink;

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_raw(text.as_bytes());
        Ok(())
    }
}

/// Bytes to the console and the log as they are, with carriage returns before line feeds on the line.
pub fn write_raw(bytes: &[u8]) {
    ring::append(bytes);
    serial::write(bytes);
}

/// Writes a line of the hypervisor's. Use the `log!` macro.
pub fn emit(level: Level, arguments: fmt::Arguments<'_>) {
    if level as u8 >= HOST.load(Ordering::Relaxed) {
        return;
    }
    write_line(level, arguments);
}

/// Writes a line about a guest. Use the `log_guest!` macro, which limits the rate.
pub fn guest_line(level: Level, arguments: fmt::Arguments<'_>) {
    if level as u8 >= GUEST.load(Ordering::Relaxed) {
        return;
    }
    let Some(dropped) = GUEST_LIMIT.admit(CLOCK.get().map_or(0, |now_ns| now_ns())) else {
        return;
    };
    if dropped != 0 {
        write_line(
            level,
            format_args!("{dropped} lines about guests were dropped"),
        );
    }
    write_line(level, arguments);
}

fn write_line(level: Level, arguments: fmt::Arguments<'_>) {
    let word = match level {
        Level::Error => "error: ",
        Level::Warning => "warning: ",
        Level::Info | Level::Debug => "",
    };
    // The sink can't fail.
    let _ = writeln!(Sink, "(RW) {word}{arguments}");
}

/// Logs a line of the hypervisor's own: `log!(Warning, "no {thing}")`.
#[macro_export]
macro_rules! log {
    ($level:ident, $($argument:tt)*) => {
        $crate::console::emit($crate::console::Level::$level, format_args!($($argument)*))
    };
}

/// Logs a line about what a guest did: `log_guest!(Debug, "...")`. Guests decide how often this
/// happens, so that at most ten lines a second are written.
#[macro_export]
macro_rules! log_guest {
    ($level:ident, $($argument:tt)*) => {
        $crate::console::guest_line($crate::console::Level::$level, format_args!($($argument)*))
    };
}
