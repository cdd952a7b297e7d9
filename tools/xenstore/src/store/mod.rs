//! The nodes: a tree that shares what it has in common with older versions of itself.
//!
//! - `node`: one node
//! - `tree`: look-ups and changes, with permissions and quotas
//! - `purge`: what goes with a domain

mod node;
mod purge;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use node::Node;
pub(crate) use tree::{Change, Image, Store};
