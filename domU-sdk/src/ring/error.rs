//! What a ring refuses.

use core::fmt;

/// Why a ring can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// All entries are in use; responses have to be taken first.
    Full,
    /// The other end says that it has written this many responses, and there can't be as many.
    WildProducer {
        /// Its index.
        producer: u32,
        /// Responses taken so far.
        consumed: u32,
        /// Requests that are out.
        outstanding: u32,
    },
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the ring is full"),
            Self::WildProducer {
                producer,
                consumed,
                outstanding,
            } => write!(
                f,
                "the other end claims {} responses to {outstanding} requests (index {producer})",
                producer.wrapping_sub(*consumed)
            ),
        }
    }
}

impl core::error::Error for RingError {}
