//! `multicall`: several hypercalls in one.
// UNSAFETY: passes its contract on.
#![expect(unsafe_code)]

use ringwall_abi::Hypercall;
use ringwall_abi::xen::MulticallEntry;

use super::{Error, Result, address_mut, call};

/// An entry of a multicall.
#[must_use]
pub fn multicall_entry<const COUNT: usize>(
    number: Hypercall,
    arguments: [u64; COUNT],
) -> MulticallEntry {
    let mut entry = MulticallEntry {
        op: u64::from(number.number()),
        ..MulticallEntry::default()
    };
    for (place, argument) in entry.args.iter_mut().zip(arguments) {
        *place = argument;
    }
    entry
}

/// What the entry's hypercall has answered.
///
/// # Errors
///
/// What it was refused with.
pub fn multicall_result(entry: &MulticallEntry) -> Result {
    let number = Hypercall::from_number(entry.op).unwrap_or(Hypercall::Multicall);
    Error::check(number, entry.result.cast_signed())
}

/// Makes the hypercalls of all entries, one after the other; each has a result of its own.
///
/// # Safety
///
/// As of each hypercall.
///
/// # Errors
///
/// `EFAULT` for a list that is none.
pub unsafe fn multicall(entries: &mut [MulticallEntry]) -> Result<()> {
    let arguments = [address_mut(entries), entries.len() as u64];
    // SAFETY: the hypervisor reads and writes the entries; the rest is the caller's promise.
    unsafe { call(Hypercall::Multicall, arguments) }.map(|_| ())
}
