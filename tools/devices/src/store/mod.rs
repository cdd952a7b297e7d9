//! What device set-up needs of the store.
//!
//! The daemon implements [`Store`] over the store that it serves itself, tests by [`MemoryStore`].
//! Paths are absolute; values are bytes without a final zero.

mod memory;
mod nodes;
mod permission;

pub use memory::MemoryStore;
pub use nodes::{Body, Nodes, Store, StoreError, Watch};
pub use permission::{Access, Permissions};
