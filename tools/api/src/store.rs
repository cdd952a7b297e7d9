//! Nodes of the store.

use serde::{Deserialize, Serialize};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoreNode {
    /// Its path.
    pub path: String,
    /// Its value; bytes that are no UTF-8 are replaced.
    pub value: String,
}

/// A change of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoreChange {
    /// The node that changed, or went.
    pub path: String,
    /// Its value; absent if it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
