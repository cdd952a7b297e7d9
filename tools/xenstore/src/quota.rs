//! How much of the store a domain may take.

use ringwall_abi::io::xs_wire::ABSOLUTE_PATH_MAX;
use serde::{Deserialize, Serialize};

/// Limits of each domain but the control domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Nodes that it owns.
    pub nodes: u32,
    /// Bytes of a value.
    pub value_size: usize,
    /// Entries in a node's list of permissions.
    pub permissions: usize,
    /// Watches.
    pub watches: usize,
    /// Transactions at a time.
    pub transactions: usize,
    /// Nodes that a transaction may touch, and changes that it may make.
    pub transaction_size: usize,
    /// Requests whose answers it has not taken: while there are more, no further ones are read.
    pub outstanding: usize,
    /// Bytes of a path.
    pub path_length: usize,
}

impl Quota {
    /// The figures of Xen 4.17's servers, where they have one.
    pub const DEFAULT: Self = Self {
        nodes: 1000,
        value_size: 2048,
        permissions: 5,
        watches: 128,
        transactions: 10,
        transaction_size: 1024,
        outstanding: 20,
        path_length: ABSOLUTE_PATH_MAX,
    };
}

impl Default for Quota {
    fn default() -> Self {
        Self::DEFAULT
    }
}
