//! Growing and shrinking a domain.

use ringwall_abi::memory::{MemoryFlags, MemoryOp, MemoryReservation};
use ringwall_abi::{Errno, Mfn, Pfn};

use super::extents::{Extents, for_each};
use super::taken::{Taken, assign};
use crate::hypercall::{Call, Result, read_element, write_element};
use crate::machine::memory;
use crate::pool;

/// `XENMEM_increase_reservation`: frames without a place in the physical map. The number of
/// extents; their first frames are written to the list, if there is one.
pub(super) fn increase(call: &mut Call<'_>) -> Result {
    for_each(call, |extents, index| {
        let first = allocate(extents, None)?;
        if extents.list.is_null() {
            return Ok(());
        }
        write_element(extents.list, index, &first).inspect_err(|_| give_up(extents, first))
    })
}

/// `XENMEM_populate_physmap`: frames for the frame numbers in the list, which are replaced by the
/// machine's. The number of extents.
pub(super) fn populate(call: &mut Call<'_>) -> Result {
    for_each(call, |extents, index| {
        if extents.flags.contains(MemoryFlags::POPULATE_ON_DEMAND) {
            // Of translated guests: public/memory.h.
            return Err(Errno::EINVAL.into());
        }
        let pfn: Pfn = read_element(extents.list, index)?;
        pfn.checked_add(extents.order.frames())
            .ok_or(Errno::EINVAL)?;
        let first = allocate(extents, Some(pfn))?;
        write_element(extents.list, index, &first).inspect_err(|_| give_up(extents, first))
    })
}

/// `XENMEM_decrease_reservation`: takes the frames in the list away. The number of extents. An
/// extent goes as a whole or not at all.
pub(super) fn decrease(call: &mut Call<'_>) -> Result {
    let mut taken = None;
    for_each(call, |extents, index| {
        let first: Mfn = read_element(extents.list, index)?;
        let taken = match &mut taken {
            Some(taken) => taken,
            none => none.insert(Taken::with_room(extents.domain, extents.order.frames())?),
        };
        taken.take(first, extents.order)?;
        taken.release();
        Ok(())
    })
}

/// A new extent of the domain's, at a place among its frames or at none; its first frame.
fn allocate(extents: &Extents, place: Option<Pfn>) -> Result<Mfn> {
    let (order, bits) = (extents.order.raw(), extents.address_bits());
    let block = pool::allocate_clean_for(extents.domain, order, bits)?;
    assign(extents.domain, block, place)
}

/// `XENMEM_claim_pages`: sets memory aside for a domain, as much as it lacks to have so many frames; none
/// gives up what was. What it gets from then on is taken off.
///
/// # Errors
/// `EINVAL` for a list, an order or flags, where the domain has a claim or the frames already, or may not
/// have them; `ENOMEM`; `EPERM` for callers without power over the machine.
pub(super) fn claim(call: &Call<'_>) -> Result {
    let request: MemoryReservation = call.read(1)?;
    let plain = request.extent_start.is_null()
        && request.extent_order == 0
        && request.mem_flags.is_empty()
        && call.number(0) >> MemoryOp::EXTENT_SHIFT == 0;
    if !plain {
        return Err(Errno::EINVAL.into());
    }
    let domain = call.domain_named(request.domid)?;
    call.require_privilege()?;
    pool::claim(domain, request.nr_extents).map_err(Errno::from)?;
    Ok(0)
}

/// Takes a new extent back: the caller could not be told of it.
fn give_up(extents: &Extents, first: Mfn) {
    for mfn in frames(extents, first) {
        // What another virtual CPU has guessed and uses already stays the domain's.
        if let Ok(block) = memory().steal(mfn, extents.domain.id()) {
            pool::free(block);
        }
    }
}

fn frames(extents: &Extents, first: Mfn) -> impl Iterator<Item = Mfn> + use<> {
    (0..extents.order.frames()).filter_map(move |offset| first.checked_add(offset))
}
