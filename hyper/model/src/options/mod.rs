//! The command line.
//!
//! Names and syntax are Xen's, so that a Xen boot entry works as it is. What is unknown or
//! malformed costs a [`Complaint`], never the boot.

mod complaint;
mod console;
mod dom0;
mod line;
mod parse;
mod serial;
mod size;
#[cfg(test)]
mod tests;
mod unused;

pub use complaint::{Complaint, Complaints, Fault};
pub use console::{Consoles, LogLevel, LogLevels, RebootMethod, Scheduler, Timestamps};
pub use dom0::{Amount, Dom0Memory, Dom0MemoryError, Dom0Pages, Dom0Vcpus};
pub use line::Options;
pub use serial::{Baud, Parity, SerialPort};
