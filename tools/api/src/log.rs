//! Lines of a console.

use serde::{Deserialize, Serialize};

/// A line that a domain wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LogLine {
    /// When its first byte came, in milliseconds since 1970.
    pub time_ms: u64,
    /// What it says; bytes that are no UTF-8 are replaced.
    pub text: String,
}
