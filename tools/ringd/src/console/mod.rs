//! Consoles: what a domain wrote from its first byte, kept, logged, and shown to whoever attaches.

mod bucket;
mod file;
mod kept;
mod replay;
mod ring;
mod service;

pub(crate) use file::{Line, LogReader};
pub(crate) use kept::Console;
pub(crate) use service::Service;
