//! Unknown numbers.

use core::fmt;

/// A number that the ABI gives no meaning, where one with a meaning was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown(pub u64);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown number {:#x}", self.0)
    }
}

impl core::error::Error for Unknown {}
