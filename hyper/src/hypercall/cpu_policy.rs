//! What CPUID tells guests, as lists of leaves: one policy for all.

use ringwall_abi::arch_x86::{CpuidLeaf, NO_SUBLEAF};
use ringwall_abi::{Errno, GuestAddress};
use ringwall_model::cpuid::{Leaf, Place, Verdict, compare, places};

use super::{Result, read_element, write_element};
use crate::trap::cpuid_at_start;

/// How many leaves a list has.
pub(super) fn count() -> u32 {
    u32::try_from(places().count()).unwrap_or(u32::MAX)
}

/// A leaf, as a virtual CPU sees it at its start.
pub(super) fn leaf((leaf, subleaf): Place) -> Leaf {
    cpuid_at_start(leaf, subleaf.unwrap_or(0))
}

/// Writes the list; how many leaves it has. Without a buffer, only that.
///
/// # Errors
/// `ENOBUFS` where there is no room for it.
pub(super) fn list(buffer: GuestAddress, room: u32) -> Result<u32> {
    if buffer.is_null() {
        return Ok(count());
    }
    if room < count() {
        return Err(Errno::ENOBUFS.into());
    }
    for (place, index) in places().zip(0..) {
        let answer = leaf(place);
        let entry = CpuidLeaf {
            leaf: place.0,
            subleaf: place.1.unwrap_or(NO_SUBLEAF),
            a: answer.eax,
            b: answer.ebx,
            c: answer.ecx,
            d: answer.edx,
        };
        write_element(buffer, index, &entry)?;
    }
    Ok(count())
}

/// The first leaf of a list that is not what guests get, and what is wrong with it.
///
/// # Errors
/// `EINVAL` for a list longer than there are leaves; `EFAULT`.
pub(super) fn first_misfit(list: GuestAddress, length: u32) -> Result<Option<(Place, Verdict)>> {
    if length > count() {
        return Err(Errno::EINVAL.into());
    }
    for index in 0..length {
        let set: CpuidLeaf = read_element(list, index.into())?;
        let subleaf = Some(set.subleaf).filter(|subleaf| *subleaf != NO_SUBLEAF);
        let place = (set.leaf, subleaf);
        let values = Leaf::from([set.a, set.b, set.c, set.d]);
        let verdict = compare(place, &values, &leaf(place));
        if verdict != Verdict::Fits {
            return Ok(Some((place, verdict)));
        }
    }
    Ok(None)
}
