//! Event channels: ports, their handlers, and waiting.
//!
//! A port that has an event is *pending*. If it is not masked, and the virtual CPU that it is bound to takes
//! upcalls, its handler is called there, between two instructions of what runs, with upcalls masked.
//!
//! Source: `public/event_channel.h`; the two-level ABI.

mod channel;
mod handlers;
pub mod mask;
mod ports;
mod wait;

pub use channel::Channel;
pub(crate) use handlers::dispatch;
pub use handlers::{Handler, listen, unlisten};
pub use ports::{clear, is_masked, is_pending, mask_all, mask_port, unmask_port};
pub use wait::{wait, wait_until};
