//! Claims: memory that is set aside for a domain, without saying which.

use ringwall_abi::Errno;

/// How many frames are set aside for a domain that it has not got yet. The sum of all domains' is the
/// [`Buddy`](super::Buddy)'s, which changes both.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Claim(u64);

impl Claim {
    /// Nothing is set aside.
    pub const NONE: Self = Self(0);

    /// How many frames.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.0
    }

    pub(super) const fn set(&mut self, frames: u64) {
        self.0 = frames;
    }
}

/// Why a claim was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// The domain has a claim already.
    Claimed,
    /// It has as much memory as it claims.
    HasThem,
    /// It may not have so much, or is being destroyed.
    OverLimit,
    /// Less is free, without what others claim.
    NoMemory,
}

impl From<ClaimError> for Errno {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Claimed | ClaimError::HasThem | ClaimError::OverLimit => Self::EINVAL,
            ClaimError::NoMemory => Self::ENOMEM,
        }
    }
}
