//! The serial console and the log.

mod log;
mod ring;
mod serial;

pub use log::{Level, Thresholds, emit, guest_line, set_clock, set_thresholds, write_raw};
pub use ring::{clear_log, log_total, read_log};
pub use serial::{
    Settings, go_synchronous, init, interrupts_on, is_initialized, on_interrupt, read_input,
};
