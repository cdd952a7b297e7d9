//! Behaviour of event channels.

mod operations;
mod support;
mod threads;
