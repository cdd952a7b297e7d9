//! `multicall` (13): a list of hypercalls in one.
//!
//! Arguments: the list, its length. Each entry gets its own result; the call itself gives 0, or
//! `EFAULT` where an entry can't be read or written. An entry that is interrupted leaves its
//! arguments in the list and itself at the head of what is left.

use ringwall_abi::xen::MulticallEntry;
use ringwall_abi::{Errno, GuestAddress, Hypercall};
use ringwall_model::memory::Machine;

use super::dispatch::run;
use super::{Call, Result, Stop, read_element, write_element};
use crate::machine::MACHINE;

/// Entries between two looks at what else waits. Few: each may be a list of its own that is a little
/// shorter than what is looked at in between.
const BATCH: u64 = 4;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let (list, count) = (call.address(0), call.number(1) & 0xffff_ffff);
    for index in 0..count {
        if index != 0 && index % BATCH == 0 && MACHINE.should_preempt() {
            return later(call, list, index, count);
        }
        let mut entry: MulticallEntry = read_element(list, index)?;
        call.arguments = entry.args;
        // Nested lists would make one call as long as the guest likes.
        let outcome = if entry.op == u64::from(Hypercall::Multicall.number()) {
            Err(Stop::Errno(Errno::EINVAL))
        } else {
            run(entry.op, call)
        };
        match outcome {
            Ok(value) => entry.result = value,
            Err(Stop::Errno(errno)) => entry.result = errno.to_rax().cast_unsigned(),
            Err(Stop::Resume) => {
                entry.args = call.arguments;
                write_element(list, index, &entry)?;
                return later(call, list, index, count);
            }
            // `iret` has changed the mode: whatever follows would run in the wrong one.
            Err(stop @ (Stop::Replaced | Stop::Crash(_))) => return Err(stop),
        }
        let place = list.checked_add(index * size_of::<MulticallEntry>() as u64 + 8);
        let place = place.ok_or(Stop::Errno(Errno::EFAULT))?;
        ringwall_hw::memory::guest::write(place, &entry.result)?;
    }
    Ok(0)
}

fn later(call: &mut Call<'_>, list: GuestAddress, index: u64, count: u64) -> Result {
    let rest = list.checked_add(index * size_of::<MulticallEntry>() as u64);
    call.arguments = [rest.map_or(0, GuestAddress::raw), count - index, 0, 0, 0, 0];
    Err(Stop::Resume)
}
