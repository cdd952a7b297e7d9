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
