//! Whether a file can be a guest's kernel.

use serde::{Deserialize, Serialize};

/// A part of what a guest needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemoryPart {
    /// What it is.
    pub what: String,
    /// Its size, in KiB.
    pub kib: u64,
}

/// What `check` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The kernel's file.
    pub kernel: String,
    /// How it is packed: `none`, `xz`, `lz4`.
    pub compression: String,
    /// The guest system that the kernel names itself: `linux 2.6`.
    pub guest: String,
    /// The address that it starts at, in hexadecimal.
    pub entry: String,
    /// What has to fit into the guest's memory at its start.
    pub parts: Vec<MemoryPart>,
    /// The sum of the parts, in KiB.
    pub needed_kib: u64,
    /// The guest's memory, in KiB, if a guest file said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_kib: Option<u64>,
    /// Whether a domain can be created from it.
    pub good: bool,
    /// What is wrong, if it can't.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}
