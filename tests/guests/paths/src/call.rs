//! Hypercalls, with their arguments in memory.

use ringwall_abi::xen::{MmuExtCommand, MmuUpdate, MmuextOp};
use ringwall_abi::{DomainId, Hypercall, Mfn};

use crate::machine::{self, Timed};

/// What went wrong: the negative number that a hypercall returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) i64);

/// Makes a hypercall; what it took, unless it was refused.
pub(crate) fn timed(number: Hypercall, arguments: [u64; 4]) -> Result<Timed, Refused> {
    let timed = machine::hypercall(number, arguments);
    match timed.rax.cast_signed() {
        result if result < 0 => Err(Refused(result)),
        _ => Ok(timed),
    }
}

/// Makes a hypercall; its result.
pub(crate) fn call(number: Hypercall, arguments: [u64; 4]) -> Result<u64, Refused> {
    timed(number, arguments).map(|timed| timed.rax)
}

/// The address of an argument.
pub(crate) fn address<T>(argument: &T) -> u64 {
    core::ptr::from_ref(argument) as u64
}

/// The address of an argument that the hypervisor fills in.
pub(crate) fn address_mut<T>(argument: &mut T) -> u64 {
    core::ptr::from_mut(argument) as u64
}

/// Writes the leaf entry that maps an address.
pub(crate) fn update_va(address: u64, entry: u64, flush: u64) -> Result<Timed, Refused> {
    timed(Hypercall::UpdateVaMapping, [address, entry, flush, 0])
}

/// Writes entries of page tables.
pub(crate) fn mmu_update(updates: &[MmuUpdate]) -> Result<Timed, Refused> {
    let (address, count) = (updates.as_ptr() as u64, updates.len() as u64);
    let own = u64::from(DomainId::SELF.raw());
    timed(Hypercall::MmuUpdate, [address, count, 0, own])
}

/// Pins tables, changes roots, flushes.
pub(crate) fn mmuext(operations: &[MmuextOp]) -> Result<Timed, Refused> {
    let (address, count) = (operations.as_ptr() as u64, operations.len() as u64);
    let own = u64::from(DomainId::SELF.raw());
    timed(Hypercall::MmuextOp, [address, count, 0, own])
}

/// One operation on a frame.
pub(crate) fn on_frame(command: MmuExtCommand, frame: Mfn) -> MmuextOp {
    MmuextOp::new(command, frame.raw(), 0)
}
