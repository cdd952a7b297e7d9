//! Behaviour of grants.

mod entries;
mod handles;
mod requests;
mod support;
mod threads;
