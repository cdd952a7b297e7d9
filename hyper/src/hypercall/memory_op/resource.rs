//! Resources whose frames a toolstack maps.

use ringwall_abi::Errno;

use crate::hypercall::{Call, Result};

/// `XENMEM_acquire_resource`.
pub(super) fn acquire(call: &Call<'_>) -> Result {
    call.require_privilege()?;
    Err(Errno::EOPNOTSUPP.into())
}
