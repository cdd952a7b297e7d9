//! The server's state, and each way in which it changes, without any I/O.
//!
//! All that changes it for good is a [`Record`]: the same records in the same order make the same state, down to
//! the bytes that domains are still to be sent. That is how it lives on over a restart.
//!
//! - `connection`, `outbox`: a client, and what it is to be sent
//! - `execute`: a request's way from message to answer; `reads`, `changes` have the requests
//! - `events`: who is told of a change
//! - `domains`: introduction and the end of domains
//! - `stream`: a domain's ring as two streams of bytes
//! - `record`, `image`: the state in pieces, and as a whole

mod changes;
mod connection;
mod domains;
mod events;
mod execute;
mod image;
mod outbox;
mod reads;
mod record;
mod state;
mod stream;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use connection::ConnectionId;
pub(crate) use execute::Effects;
pub(crate) use image::EngineImage;
pub(crate) use record::{Record, Replay};
pub(crate) use state::Engine;
pub(crate) use stream::{Fault, Indices, next_piece};
