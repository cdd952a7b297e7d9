//! The wall clock.

use ringwall_abi::Errno;
use ringwall_abi::platform::{Settime32, Settime64};

use super::op::read_body;
use crate::clock;
use crate::hypercall::{Call, Result};

const SECOND_NS: u64 = 1_000_000_000;

/// `settime32`. `EINVAL`: a second of more nanoseconds than it has.
pub(super) fn set_32(call: &Call<'_>) -> Result {
    let request: Settime32 = read_body(call)?;
    set(
        call,
        request.secs.into(),
        request.nsecs,
        request.system_time,
    )
}

/// `settime64`. `EINVAL`: as for `settime32`, or `mbz` is not 0, or it is after the year 2554.
pub(super) fn set_64(call: &Call<'_>) -> Result {
    let request: Settime64 = read_body(call)?;
    if request.mbz != 0 {
        return Err(Errno::EINVAL.into());
    }
    set(call, request.secs, request.nsecs, request.system_time)
}

fn set(call: &Call<'_>, seconds: u64, nanoseconds: u32, system_ns: u64) -> Result {
    let nanoseconds = u64::from(nanoseconds);
    if nanoseconds >= SECOND_NS {
        return Err(Errno::EINVAL.into());
    }
    let unix_ns = seconds
        .checked_mul(SECOND_NS)
        .and_then(|ns| ns.checked_add(nanoseconds));
    clock::set_wall_clock(unix_ns.ok_or(Errno::EINVAL)?, system_ns);
    clock::publish_wall_clock(call.domain());
    Ok(0)
}
