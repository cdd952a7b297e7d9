//! The structure in the union.

use ringwall_abi::domctl::{DomctlHeader, DomctlRequest};
use ringwall_abi::{DomainId, Errno, GuestAddress};
use ringwall_hw::memory::guest;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::hypercall::{Call, Result, Stop};

fn place(call: &Call<'_>) -> Result<GuestAddress> {
    let place = call
        .address(0)
        .checked_add(DomctlRequest::BODY_OFFSET as u64);
    place.ok_or(Stop::Errno(Errno::EFAULT))
}

/// Copies it.
pub(super) fn read<T: FromBytes>(call: &Call<'_>) -> Result<T> {
    Ok(guest::read(place(call)?)?)
}

/// Copies it back.
pub(super) fn write<T: IntoBytes + Immutable>(call: &Call<'_>, value: &T) -> Result {
    guest::write(place(call)?, value)?;
    Ok(0)
}

/// Tells which domain it was about.
pub(super) fn write_domain(call: &Call<'_>, id: DomainId) -> Result<()> {
    let mut header: DomctlHeader = call.read(0)?;
    header.domain = id;
    call.write(0, &header)
}
