//! Which operation it is.

use ringwall_abi::Errno;
use ringwall_abi::memory::MemoryOp;

use super::{exchange, map, query, reservation, resource};
use crate::hypercall::{Call, Result};

/// Does a `memory_op`.
pub(in crate::hypercall) fn handle(call: &mut Call<'_>) -> Result {
    let number = call.number(0) & MemoryOp::COMMAND_MASK;
    match MemoryOp::from_number(number).ok_or(Errno::ENOSYS)? {
        MemoryOp::IncreaseReservation => reservation::increase(call),
        MemoryOp::DecreaseReservation => reservation::decrease(call),
        MemoryOp::PopulatePhysmap => reservation::populate(call),
        MemoryOp::Exchange => exchange::exchange(call),
        MemoryOp::ClaimPages => reservation::claim(call),
        MemoryOp::MaximumRamPage => query::maximum_ram_page(),
        MemoryOp::CurrentReservation => query::current_reservation(call),
        MemoryOp::MaximumReservation => query::maximum_reservation(call),
        MemoryOp::MaximumGpfn => query::maximum_gpfn(call),
        MemoryOp::MachphysMapping => query::machphys_mapping(call),
        MemoryOp::GetSharingFreedPages | MemoryOp::GetSharingSharedPages => query::shared_pages(),
        MemoryOp::GetPodTarget => query::pod_target(call),
        MemoryOp::SetPodTarget => query::set_pod_target(call),
        MemoryOp::MemoryMap => map::own(call),
        MemoryOp::MachineMemoryMap => map::machine(call),
        MemoryOp::SetMemoryMap => map::set(call),
        MemoryOp::AcquireResource => resource::acquire(call),
        // Of translated guests: public/memory.h.
        MemoryOp::AddToPhysmap | MemoryOp::AddToPhysmapBatch | MemoryOp::RemoveFromPhysmap => {
            Err(Errno::EACCES.into())
        }
        // Its frames are the hypervisor's own, which nobody may map.
        MemoryOp::MachphysMfnList
        | MemoryOp::MachphysCompatMfnList
        | MemoryOp::PagingOp
        | MemoryOp::AccessOp
        | MemoryOp::SharingOp
        | MemoryOp::GetVnumainfo
        | MemoryOp::ReservedDeviceMemoryMap => Err(Errno::ENOSYS.into()),
    }
}
