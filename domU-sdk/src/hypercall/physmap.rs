//! `memory_op` beyond reservations: exchange, the map of translated guests, memory of other domains.
// UNSAFETY: lends its own arguments to the hypervisor, and passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::memory::{
    AcquireResource, AddToPhysmap, AddToPhysmapBatch, E820Entry, ForeignMemoryMap, MemoryExchange,
    MemoryMap, MemoryOp, PodTarget, RemoveFromPhysmap, ResourceType,
};
use ringwall_abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn, Pfn};

use super::{Error, Result, address, address_mut, call};

/// # Safety
///
/// The argument is the operation's, and what it names is the caller's promise.
unsafe fn operate<T>(operation: MemoryOp, argument: &mut T) -> Result {
    let arguments = [u64::from(operation.number()), address_mut(argument)];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::MemoryOp, arguments) }
}

/// Trades frames for others of another shape: `nr_exchanged` says how many extents of the input are
/// traded, 0 at first.
///
/// # Safety
///
/// Both lists must be as long as they say. Nothing may map the frames that are given, and nobody use them.
///
/// # Errors
///
/// `EINVAL` for shapes that don't fit each other or frames that can't be given, `ENOMEM`, `EPERM` for
/// extents of more than the domain may have, `EFAULT`. What `nr_exchanged` counts is traded.
pub unsafe fn memory_exchange(exchange: &mut MemoryExchange) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(MemoryOp::Exchange, exchange) }.map(|_| ())
}

/// Maps a page at a frame number of a translated guest.
///
/// # Safety
///
/// Nothing that is used may be mapped at the number.
///
/// # Errors
///
/// `EACCES` or `ENOSYS` for PV guests, who have no such map; `EPERM`, `ESRCH`.
pub unsafe fn add_to_physmap(mut request: AddToPhysmap) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(MemoryOp::AddToPhysmap, &mut request) }.map(|_| ())
}

/// Maps pages at frame numbers of a translated guest; each has a result of its own in the third list.
///
/// # Safety
///
/// As of [`add_to_physmap`]; the lists must be as long as the request says.
///
/// # Errors
///
/// As of [`add_to_physmap`].
pub unsafe fn add_to_physmap_batch(mut request: AddToPhysmapBatch) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(MemoryOp::AddToPhysmapBatch, &mut request) }.map(|_| ())
}

/// Unmaps a frame number of a translated guest.
///
/// # Safety
///
/// Nothing that is used may be mapped at the number.
///
/// # Errors
///
/// As of [`add_to_physmap`].
pub unsafe fn remove_from_physmap(domain: DomainId, frame: Pfn) -> Result<()> {
    let mut request = RemoveFromPhysmap {
        domid: domain,
        gpfn: frame,
        ..RemoveFromPhysmap::default()
    };
    // SAFETY: as the caller promises.
    unsafe { operate(MemoryOp::RemoveFromPhysmap, &mut request) }.map(|_| ())
}

/// Sets the memory map that a domain is told.
///
/// # Errors
///
/// `EPERM` where the domain is not privileged, `EINVAL` for too many entries, `ESRCH`.
pub fn set_memory_map(domain: DomainId, entries: &[E820Entry]) -> Result<()> {
    let mut request = ForeignMemoryMap {
        domid: domain,
        map: MemoryMap {
            nr_entries: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            buffer: GuestAddress::new(address(entries)),
            ..MemoryMap::default()
        },
        ..ForeignMemoryMap::default()
    };
    // SAFETY: the hypervisor reads as many entries as there are.
    unsafe { operate(MemoryOp::SetMemoryMap, &mut request) }.map(|_| ())
}

/// What of a domain is populated on demand.
///
/// # Errors
///
/// `EPERM` where the domain is not privileged, `ESRCH`.
pub fn pod_target(domain: DomainId) -> Result<PodTarget> {
    let mut target = PodTarget {
        domid: domain,
        ..PodTarget::default()
    };
    // SAFETY: the hypervisor fills in the structure.
    unsafe { operate(MemoryOp::GetPodTarget, &mut target) }?;
    Ok(target)
}

/// Sets how much of a domain is populated on demand; what is now.
///
/// # Errors
///
/// As of [`pod_target`]; `EINVAL` for more than the domain may have.
pub fn set_pod_target(domain: DomainId, pages: u64) -> Result<PodTarget> {
    let mut target = PodTarget {
        domid: domain,
        target_pages: pages,
        ..PodTarget::default()
    };
    // SAFETY: the hypervisor reads and fills in the structure. What is taken from a domain was its own.
    unsafe { operate(MemoryOp::SetPodTarget, &mut target) }?;
    Ok(target)
}

/// How many frames a resource of a domain has.
///
/// # Errors
///
/// `EPERM` where the domain is not privileged, `EOPNOTSUPP` for a kind that there is not, `EINVAL` for an
/// `id` of none, `ESRCH`.
pub fn resource_size(domain: DomainId, kind: ResourceType, id: u32) -> Result<u32> {
    let mut request = AcquireResource {
        domid: domain,
        kind: kind.number(),
        id,
        ..AcquireResource::default()
    };
    // SAFETY: the hypervisor fills in the structure.
    unsafe { operate(MemoryOp::AcquireResource, &mut request) }?;
    Ok(request.nr_frames)
}

/// The frames of a domain's resource, from one on, as many as there is room for.
///
/// # Errors
///
/// As of [`resource_size`]; `EINVAL` for frames past its end.
pub fn acquire_resource(
    domain: DomainId,
    kind: ResourceType,
    id: u32,
    first: u64,
    frames: &mut [Mfn],
) -> Result<()> {
    let count = u32::try_from(frames.len())
        .map_err(|_| Error::before(Hypercall::MemoryOp, Errno::EINVAL))?;
    let mut request = AcquireResource {
        domid: domain,
        kind: kind.number(),
        id,
        nr_frames: count,
        frame: first,
        frame_list: GuestAddress::new(address_mut(frames)),
        ..AcquireResource::default()
    };
    // SAFETY: the hypervisor writes as many frames as there is room for.
    unsafe { operate(MemoryOp::AcquireResource, &mut request) }.map(|_| ())
}
