//! The wall clock.

use ringwall_abi::platform::{Settime32, Settime64};
use ringwall_abi::{DomainId, Errno};

use super::op::read_body;
use crate::hypercall::{Call, Result};
use crate::{clock, domain};

const SECOND_NS: u64 = 1_000_000_000;

/// `settime32`. `EINVAL`: a second of more nanoseconds than it has.
pub(super) fn set_32(call: &Call<'_>) -> Result {
    let request: Settime32 = read_body(call)?;
    set(request.secs.into(), request.nsecs, request.system_time)
}

/// `settime64`. `EINVAL`: as for `settime32`, or `mbz` is not 0, or it is after the year 2554.
pub(super) fn set_64(call: &Call<'_>) -> Result {
    let request: Settime64 = read_body(call)?;
    if request.mbz != 0 {
        return Err(Errno::EINVAL.into());
    }
    set(request.secs, request.nsecs, request.system_time)
}

fn set(seconds: u64, nanoseconds: u32, system_ns: u64) -> Result {
    let nanoseconds = u64::from(nanoseconds);
    if nanoseconds >= SECOND_NS {
        return Err(Errno::EINVAL.into());
    }
    let unix_ns = seconds
        .checked_mul(SECOND_NS)
        .and_then(|ns| ns.checked_add(nanoseconds));
    clock::set_wall_clock(unix_ns.ok_or(Errno::EINVAL)?, system_ns);
    let mut next = Some(DomainId::DOM0);
    while let Some(domain) = next.and_then(domain::first_from) {
        clock::publish_wall_clock(domain);
        next = domain.id().raw().checked_add(1).map(DomainId::new);
    }
    Ok(0)
}
