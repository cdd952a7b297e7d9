//! `mmu_update`, `mmuext_op`, `update_va_mapping`: page tables.
// UNSAFETY: passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::xen::{MmuUpdate, MmuextOp, VaMappingFlags};
use ringwall_abi::{DomainId, GuestAddress, Hypercall};

use super::{Result, address, address_mut, call};

/// Writes entries of page tables, or of the machine-to-physical table; how many were written.
///
/// # Safety
///
/// No memory that Rust uses may lose its mapping, or get another one that is used.
///
/// # Errors
///
/// `EINVAL` for an entry that may not be written so, or none; `EPERM` for another domain's frames.
/// Entries before the bad one were written.
pub unsafe fn mmu_update(updates: &[MmuUpdate]) -> Result<usize> {
    let mut done = 0_u32;
    let arguments = [
        address(updates),
        updates.len() as u64,
        address_mut(&mut done),
        u64::from(DomainId::SELF.raw()),
    ];
    // SAFETY: the hypervisor reads the updates and writes `done`; the rest is the caller's promise.
    unsafe { call(Hypercall::MmuUpdate, arguments) }.map(|_| done as usize)
}

/// Pins tables, changes roots, flushes; how many operations were done.
///
/// # Safety
///
/// As of [`mmu_update`]; a new root must map what the old one does.
///
/// # Errors
///
/// `EINVAL` for a frame that is not fit, `EPERM` for a privileged operation. What stands before the bad
/// operation was done.
pub unsafe fn mmuext_op(operations: &[MmuextOp]) -> Result<usize> {
    let mut done = 0_u32;
    let arguments = [
        address(operations),
        operations.len() as u64,
        address_mut(&mut done),
        u64::from(DomainId::SELF.raw()),
    ];
    // SAFETY: the hypervisor reads the operations and writes `done`; the rest is the caller's promise.
    unsafe { call(Hypercall::MmuextOp, arguments) }.map(|_| done as usize)
}

/// Writes the leaf entry that maps an address, and flushes what the flags say.
///
/// # Safety
///
/// As of [`mmu_update`].
///
/// # Errors
///
/// `EINVAL` where the address has no leaf table, or the entry may not be written.
pub unsafe fn update_va_mapping(
    address: GuestAddress,
    entry: u64,
    flags: VaMappingFlags,
) -> Result<()> {
    let arguments = [address.raw(), entry, flags.bits()];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::UpdateVaMapping, arguments) }.map(|_| ())
}

/// Writes the leaf entry that maps an address of the caller, for a frame of another domain.
///
/// # Safety
///
/// As of [`mmu_update`]; the frame is written by who has it, and is to be reached by atomics alone.
///
/// # Errors
///
/// As of [`update_va_mapping`]; `ESRCH` for a domain that does not exist, `EPERM` for one whose frames the
/// caller may not map.
pub unsafe fn update_va_mapping_otherdomain(
    address: GuestAddress,
    entry: u64,
    flags: VaMappingFlags,
    domain: DomainId,
) -> Result<()> {
    let arguments = [address.raw(), entry, flags.bits(), domain.raw().into()];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::UpdateVaMappingOtherdomain, arguments) }.map(|_| ())
}

/// Pins tables of another domain and the like; how many operations were done.
///
/// # Safety
///
/// The other domain must not rely on what the operations change.
///
/// # Errors
///
/// As of [`mmuext_op`]; `ESRCH` for a domain that does not exist, `EPERM` for one over which the caller has
/// no power.
pub unsafe fn mmuext_op_otherdomain(operations: &[MmuextOp], domain: DomainId) -> Result<usize> {
    let mut done = 0_u32;
    let arguments = [
        address(operations),
        operations.len() as u64,
        address_mut(&mut done),
        domain.raw().into(),
    ];
    // SAFETY: the hypervisor reads the operations and writes `done`; the rest is the caller's promise.
    unsafe { call(Hypercall::MmuextOp, arguments) }.map(|_| done as usize)
}
