//! `multicall` (13): a list of hypercalls in one.
//!
//! Arguments: the list, its length. Each entry gets its own result; the call itself gives 0, or
//! `EFAULT` where an entry can't be read or written. An entry that is interrupted leaves its
//! arguments in the list and itself at the head of what is left.

use core::mem::offset_of;

use ringwall_abi::xen::MulticallEntry;
use ringwall_abi::{Errno, GuestAddress, Hypercall};
use ringwall_hw::memory::guest;
use zerocopy::IntoBytes as _;

use super::dispatch::run;
use super::{Call, Result, Stop, element};
use crate::schedule::Watch;

/// Entries between two looks at what else waits. Few: each may be a list of its own that is a little
/// shorter than what is looked at in between.
const BATCH: u64 = 4;
/// Where an entry has its arguments and its result, in bytes.
const ARGUMENTS: usize = offset_of!(MulticallEntry, args);
const RESULT: usize = offset_of!(MulticallEntry, result);

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let (list, count) = (call.address(0), call.number(1) & 0xffff_ffff);
    let watch = Watch::new();
    for index in 0..count {
        if watch.must_stop(index, BATCH) {
            return later(call, list, index, count);
        }
        // Its words go where they are used: a copy of the entry would cost as much as the call.
        let place = element::<MulticallEntry>(list, index)?;
        let number: u64 = guest::read(place)?;
        guest::copy_in(call.arguments.as_mut_bytes(), offset(place, ARGUMENTS)?)?;
        // Nested lists would make one call as long as the guest likes.
        let outcome = if number == u64::from(Hypercall::Multicall.number()) {
            Err(Stop::Errno(Errno::EINVAL))
        } else {
            run(number, call)
        };
        let result = match outcome {
            Ok(value) => value,
            Err(Stop::Errno(errno)) => errno.to_rax().cast_unsigned(),
            Err(Stop::Resume) => {
                guest::write(offset(place, ARGUMENTS)?, &call.arguments)?;
                return later(call, list, index, count);
            }
            // `iret` has changed the mode: whatever follows would run in the wrong one.
            Err(stop @ (Stop::Replaced | Stop::Crash(_))) => return Err(stop),
        };
        guest::write(offset(place, RESULT)?, &result)?;
    }
    Ok(0)
}

fn offset(place: GuestAddress, bytes: usize) -> Result<GuestAddress> {
    let place = place.checked_add(bytes as u64);
    place.ok_or(Stop::Errno(Errno::EFAULT))
}

fn later(call: &mut Call<'_>, list: GuestAddress, index: u64, count: u64) -> Result {
    let rest = list.checked_add(index * size_of::<MulticallEntry>() as u64);
    call.arguments = [rest.map_or(0, GuestAddress::raw), count - index, 0, 0, 0, 0];
    Err(Stop::Resume)
}
