//! `set_gdt` (2) and `update_descriptor` (10).
//!
//! `set_gdt`: a list of frames, the number of descriptors in them (at most 7168). Results: 0;
//! `EINVAL` for too many, or a frame that is no page of descriptors; `EFAULT`.
//! `update_descriptor`: the machine address of a descriptor, and its new value. Results: 0;
//! `EINVAL` for a descriptor that a guest may not have, or a frame that is not the caller's.

use ringwall_abi::arch_x86::FIRST_RESERVED_GDT_ENTRY;
use ringwall_abi::{Errno, MachineAddress, Mfn};
use ringwall_hw::guest::descriptors::GUEST_GDT_PAGES;
use ringwall_model::memory::{Descriptor, EntryAddress, Ring, Stale, TypeReference};

use super::{Call, Result, read_element};
use crate::machine::memory;

const PER_PAGE: usize = 512;

pub(super) fn set_gdt(call: &mut Call<'_>) -> Result {
    let entries = call.word(1) as usize;
    if entries > FIRST_RESERVED_GDT_ENTRY {
        return Err(Errno::EINVAL.into());
    }
    let mut frames = [Mfn::new(0); GUEST_GDT_PAGES];
    let pages = entries.div_ceil(PER_PAGE);
    for (index, frame) in frames.iter_mut().enumerate().take(pages) {
        *frame = Mfn::new(read_element(call.address(0), index as u64)?);
    }
    set_frames(call.vcpu, frames.get(..pages).unwrap_or(&[]), entries)
}

/// Makes frames of descriptors the virtual CPU's GDT.
pub(crate) fn set_frames(vcpu: &crate::vcpu::Vcpu, frames: &[Mfn], entries: usize) -> Result {
    let domain = vcpu.domain().id();
    let mut taken: [Option<TypeReference<Descriptor>>; GUEST_GDT_PAGES] =
        [const { None }; GUEST_GDT_PAGES];
    for (slot, &frame) in taken.iter_mut().zip(frames) {
        match memory().get_descriptor_page(frame, domain, Ring::Three) {
            Ok(reference) => *slot = Some(reference),
            Err(error) => {
                for reference in taken.into_iter().flatten() {
                    memory().put_descriptor_page(reference, Stale::Flushed);
                }
                return Err(error.into());
            }
        }
    }
    let mut guard = vcpu.state.lock();
    let state = &mut *guard;
    for (page, reference) in taken.iter().enumerate() {
        // The window's old translation goes with the change.
        state
            .window
            .set_gdt_page(page, reference.as_ref().map(|reference| reference.mfn()));
    }
    state.gdt_entries = u32::try_from(entries).unwrap_or(0);
    for reference in core::mem::replace(&mut state.gdt, taken)
        .into_iter()
        .flatten()
    {
        memory().put_descriptor_page(reference, Stale::Flushed);
    }
    Ok(0)
}

pub(super) fn update_descriptor(call: &mut Call<'_>) -> Result {
    let place = EntryAddress::try_from(MachineAddress::new(call.number(0)))?;
    memory().update_descriptor(place, call.number(1), call.domain().id(), Ring::Three)?;
    Ok(0)
}
