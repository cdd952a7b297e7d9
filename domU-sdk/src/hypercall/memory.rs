//! `memory_op`: reservations and maps of memory.
// UNSAFETY: lends its own arguments to the hypervisor, and passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::memory::{
    E820Entry, MachphysMapping, MemoryDomain, MemoryMap, MemoryOp, MemoryReservation,
};
use ringwall_abi::{DomainId, GuestAddress, Hypercall, Mfn, Pfn};

use super::{Result, address, address_mut, call};

/// The frame behind the last that the machine-to-physical table has.
///
/// # Errors
///
/// None that the ABI knows.
pub fn machphys_end() -> Result {
    let mut mapping = MachphysMapping::default();
    let arguments = [MemoryOp::MachphysMapping as u64, address_mut(&mut mapping)];
    // SAFETY: the hypervisor fills in the structure.
    unsafe { call(Hypercall::MemoryOp, arguments) }?;
    Ok(mapping.max_mfn.saturating_add(1))
}

/// The machine's highest frame of RAM.
///
/// # Errors
///
/// None that the ABI knows.
pub fn maximum_ram_page() -> Result<Mfn> {
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::MemoryOp, [MemoryOp::MaximumRamPage as u64, 0]) }.map(Mfn::new)
}

fn of_domain(operation: MemoryOp, domain: DomainId) -> Result {
    let argument = MemoryDomain { domid: domain };
    // SAFETY: the hypervisor reads the argument.
    unsafe { call(Hypercall::MemoryOp, [operation as u64, address(&argument)]) }
}

/// The pages that a domain has.
///
/// # Errors
///
/// `EPERM` for another domain, `ESRCH`.
pub fn current_reservation(domain: DomainId) -> Result {
    of_domain(MemoryOp::CurrentReservation, domain)
}

/// The pages that a domain may have.
///
/// # Errors
///
/// `EPERM` for another domain, `ESRCH`.
pub fn maximum_reservation(domain: DomainId) -> Result {
    of_domain(MemoryOp::MaximumReservation, domain)
}

/// A domain's highest frame number, as the domain says it in its shared page.
///
/// # Errors
///
/// `EPERM` for another domain, `ESRCH`.
pub fn maximum_gpfn(domain: DomainId) -> Result {
    of_domain(MemoryOp::MaximumGpfn, domain)
}

/// The domain's own memory map, as far as there is room; its entries.
///
/// # Errors
///
/// `ENOSYS` where it has none, `EINVAL` where it does not fit.
pub fn memory_map(entries: &mut [E820Entry]) -> Result<usize> {
    map(MemoryOp::MemoryMap, entries)
}

/// The machine's memory map, as far as there is room; its entries.
///
/// # Errors
///
/// `EPERM` where the domain is not privileged.
pub fn machine_memory_map(entries: &mut [E820Entry]) -> Result<usize> {
    map(MemoryOp::MachineMemoryMap, entries)
}

fn map(operation: MemoryOp, entries: &mut [E820Entry]) -> Result<usize> {
    let mut argument = MemoryMap {
        nr_entries: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        buffer: GuestAddress::new(address_mut(entries)),
        ..MemoryMap::default()
    };
    let arguments = [operation as u64, address_mut(&mut argument)];
    // SAFETY: the hypervisor writes as many entries as there is room for, and their number.
    unsafe { call(Hypercall::MemoryOp, arguments) }?;
    Ok((argument.nr_entries as usize).min(entries.len()))
}

/// Gives pages back to the hypervisor; how many it took. An entry of the p2m list that named one should
/// not any more.
///
/// # Safety
///
/// Nothing may map the frames, and nobody use them.
///
/// # Errors
///
/// None that the ABI knows: a frame that can't be given back ends the call, with fewer.
pub unsafe fn decrease_reservation(frames: &[Mfn]) -> Result<usize> {
    let argument = MemoryReservation {
        extent_start: GuestAddress::new(address(frames)),
        nr_extents: frames.len() as u64,
        domid: DomainId::SELF,
        ..MemoryReservation::default()
    };
    let arguments = [MemoryOp::DecreaseReservation as u64, address(&argument)];
    // SAFETY: the hypervisor reads the list; the rest is the caller's promise.
    unsafe { call(Hypercall::MemoryOp, arguments) }.map(crate::memory::word)
}

/// Gets a page for each of these frame numbers, which the machine-to-physical table then has; how many
/// there were. The numbers are replaced by the machine's.
///
/// # Errors
///
/// None that the ABI knows: where memory runs out the call ends, with fewer.
pub fn populate_physmap(frames: &mut [Pfn]) -> Result<usize> {
    reserve(MemoryOp::PopulatePhysmap, frames)
}

/// Gets pages, whose machine frame numbers are written to the list; how many there were.
///
/// # Errors
///
/// None that the ABI knows: where memory runs out the call ends, with fewer.
pub fn increase_reservation(frames: &mut [Mfn]) -> Result<usize> {
    reserve(MemoryOp::IncreaseReservation, frames)
}

fn reserve<T>(operation: MemoryOp, frames: &mut [T]) -> Result<usize> {
    const { assert!(size_of::<T>() == 8) };
    let argument = MemoryReservation {
        extent_start: GuestAddress::new(address_mut(frames)),
        nr_extents: frames.len() as u64,
        domid: DomainId::SELF,
        ..MemoryReservation::default()
    };
    let arguments = [operation as u64, address(&argument)];
    // SAFETY: the hypervisor reads and writes the list, whose entries have 8 bytes.
    unsafe { call(Hypercall::MemoryOp, arguments) }.map(crate::memory::word)
}
