//! Nodes of the store, transactions and watches, as traits.

use std::time::Duration;

use super::Permissions;

/// Why the store did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store refused {operation} {path}: {reason}")]
pub struct StoreError {
    /// As in "the store refused to write".
    pub operation: &'static str,
    /// The node.
    pub path: String,
    /// What it said.
    pub reason: String,
}

/// Reading and writing nodes, inside a transaction or outside.
pub trait Nodes {
    /// A node's value; `None` where there is no node.
    ///
    /// # Errors
    /// The store's own.
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The names of the nodes right below one, in order; none where there is no node.
    ///
    /// # Errors
    /// The store's own.
    fn list(&mut self, path: &str) -> Result<Vec<String>, StoreError>;

    /// Writes a node, and makes it and those above it where they are not there.
    ///
    /// # Errors
    /// The store's own: a quota, for instance.
    fn write(&mut self, path: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Makes an empty node and those above it, unless it is there.
    ///
    /// # Errors
    /// The store's own.
    fn mkdir(&mut self, path: &str) -> Result<(), StoreError>;

    /// Removes a node and all below it; to remove what is not there is no error.
    ///
    /// # Errors
    /// The store's own.
    fn remove(&mut self, path: &str) -> Result<(), StoreError>;

    /// Says who may do what with a node, and nothing of those below it.
    ///
    /// # Errors
    /// The store's own: no such node.
    fn set_permissions(&mut self, path: &str, permissions: &Permissions) -> Result<(), StoreError>;
}

/// What happens in a transaction.
pub type Body<'a> = dyn FnMut(&mut dyn Nodes) -> Result<(), StoreError> + 'a;

/// The store, as dom0.
pub trait Store: Nodes {
    /// Does all of `body` or nothing; `body` runs again where another's change came between.
    ///
    /// # Errors
    /// What `body` fails with; then nothing is changed.
    fn transaction(&mut self, body: &mut Body<'_>) -> Result<(), StoreError>;

    /// Watches a node and those below it, until the watch is dropped. It fires once at the start.
    ///
    /// # Errors
    /// The store's own: a quota.
    fn watch(&mut self, path: &str) -> Result<Box<dyn Watch>, StoreError>;
}

/// A watch.
pub trait Watch {
    /// Waits until something changed since the last call, for so long at most; whether it did.
    ///
    /// # Errors
    /// The store is gone.
    fn wait(&mut self, limit: Duration) -> Result<bool, StoreError>;
}
