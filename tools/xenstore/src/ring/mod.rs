//! Domains' rings: the page that a domain shares with the server.
//!
//! - `page`: the page, and what the server needs of the machine
//! - `serve`: moving bytes between a page and the state

mod page;
mod serve;

#[cfg(test)]
mod tests;

pub use page::{Condition, Machine, News, NoDomains, RingPage};
pub(crate) use serve::{Keeper, Ring};
