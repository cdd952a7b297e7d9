//! The ring of requests and responses that block and network devices use: the front end's side.
//!
//! The other end can write all of it at any time. [`FrontRing`] keeps its own indices, reads each
//! index and entry once, and refuses an index that can't be.

mod error;
mod front;

pub use error::RingError;
pub use front::{FrontRing, Notify, Waiting};
