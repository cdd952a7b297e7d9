//! The server: one thread for sockets and rings, and handles for the other threads of the process.
//!
//! - `options`: what a server is started with
//! - `shared`: the state behind its lock, and how the thread learns that there is something to do
//! - `outside`: what requests do beside the state: journal and machine
//! - `event_loop`: the thread; `client`: one socket
//! - `handle`, `watcher`: the store for the process that the server runs in

mod client;
mod event_loop;
mod handle;
mod options;
mod outside;
mod shared;
mod watcher;

pub use event_loop::Server;
pub use handle::{Handle, Transaction};
pub use options::Options;
pub use watcher::Watcher;
