//! Why a hypercall was refused.

use core::fmt;

use ringwall_abi::{Errno, Hypercall};

/// A refused hypercall: which one, and what it left in `rax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    hypercall: Hypercall,
    rax: i64,
}

impl Error {
    /// Tells results from errors: these are negative.
    pub(crate) const fn check(hypercall: Hypercall, rax: i64) -> Result<u64, Self> {
        if rax < 0 {
            Err(Self { hypercall, rax })
        } else {
            Ok(rax.cast_unsigned())
        }
    }

    /// An error that was found before the hypercall.
    pub(crate) const fn before(hypercall: Hypercall, errno: Errno) -> Self {
        Self {
            hypercall,
            rax: errno.to_rax(),
        }
    }

    /// The hypercall.
    #[must_use]
    pub const fn hypercall(self) -> Hypercall {
        self.hypercall
    }

    /// What the error is, or `None` where its number has no name.
    #[must_use]
    pub const fn errno(self) -> Option<Errno> {
        Errno::from_rax(self.rax)
    }

    /// The negative number.
    #[must_use]
    pub const fn rax(self) -> i64 {
        self.rax
    }
}

impl fmt::Display for Error {
    /// `mmu_update: an invalid argument (EINVAL)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.hypercall.header_name();
        let name = name.strip_prefix("__HYPERVISOR_").unwrap_or(name);
        match self.errno() {
            Some(errno) => write!(f, "{name}: {errno}"),
            None => write!(f, "{name}: error {}", self.rax),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString as _;

    use super::*;

    #[test]
    fn errors_name_the_call_the_errno_and_its_cause() {
        let refused = Error::check(Hypercall::MmuUpdate, -22).unwrap_err();
        assert_eq!(refused.errno(), Some(Errno::EINVAL));
        assert_eq!(
            refused.to_string(),
            "mmu_update: an invalid argument (EINVAL)"
        );
        let odd = Error::check(Hypercall::SchedOp, -4000).unwrap_err();
        assert_eq!(odd.to_string(), "sched_op: error -4000");
        assert_eq!(Error::check(Hypercall::SchedOp, 7), Ok(7));
    }
}
