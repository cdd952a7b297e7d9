//! `grant_table_op`: memory that a domain lets another use.
//!
//! Each operation of a list has a status of its own beside the hypercall's result.
// UNSAFETY: lends its own arguments to the hypervisor, and passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::grant_table::{
    CacheFlush, GetVersion, GrantCopy, GrantOp, MapGrantRef, QuerySize, SetVersion, SetupTable,
    SwapGrantRef, Transfer, UnmapAndReplace, UnmapGrantRef,
};
use ringwall_abi::{DomainId, GuestAddress, Hypercall, Mfn};

use super::{Result, address_mut, call};

/// # Safety
///
/// What the operations do to memory is the caller's promise.
unsafe fn operate<T>(operation: GrantOp, list: &mut [T]) -> Result<()> {
    let arguments = [operation as u64, address_mut(list), list.len() as u64];
    // SAFETY: the hypervisor reads and writes the list, of the operation's type.
    unsafe { call(Hypercall::GrantTableOp, arguments) }.map(|_| ())
}

/// Maps pages that other domains grant.
///
/// # Safety
///
/// Nothing that is used may be mapped at these addresses.
///
/// # Errors
///
/// `EFAULT` for a list that is none; else each status says.
pub unsafe fn grant_map(list: &mut [MapGrantRef]) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(GrantOp::MapGrantRef, list) }
}

/// Undoes mappings.
///
/// # Safety
///
/// Nobody may use what is mapped there.
///
/// # Errors
///
/// As [`grant_map`].
pub unsafe fn grant_unmap(list: &mut [UnmapGrantRef]) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(GrantOp::UnmapGrantRef, list) }
}

/// Undoes mappings, and moves other entries to their places.
///
/// # Safety
///
/// Nobody may use what is mapped at either address.
///
/// # Errors
///
/// As [`grant_map`].
pub unsafe fn grant_unmap_and_replace(list: &mut [UnmapAndReplace]) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(GrantOp::UnmapAndReplace, list) }
}

/// Copies between pages, granted and own.
///
/// # Safety
///
/// Nobody may rely on what own frames that are written hold.
///
/// # Errors
///
/// As [`grant_map`].
pub unsafe fn grant_copy(list: &mut [GrantCopy]) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(GrantOp::Copy, list) }
}

/// Grows the domain's own table to as many frames as the list has room for, and asks for them; the
/// operation's status.
///
/// # Errors
///
/// As [`grant_map`].
pub fn grant_setup_table(frames: &mut [Mfn]) -> Result<i16> {
    let mut argument = [SetupTable {
        dom: DomainId::SELF,
        nr_frames: u32::try_from(frames.len()).unwrap_or(u32::MAX),
        frame_list: GuestAddress::new(address_mut(frames)),
        ..SetupTable::default()
    }];
    // SAFETY: the hypervisor writes as many frames as the list has room for.
    unsafe { operate(GrantOp::SetupTable, &mut argument) }?;
    Ok(argument[0].status)
}

/// How many frames a domain's table has, and may have.
///
/// # Errors
///
/// As [`grant_map`]; the answer has a status.
pub fn grant_query_size(domain: DomainId) -> Result<QuerySize> {
    let mut argument = [QuerySize {
        dom: domain,
        ..QuerySize::default()
    }];
    // SAFETY: the hypervisor fills in the structure.
    unsafe { operate(GrantOp::QuerySize, &mut argument) }?;
    Ok(argument[0])
}

/// Sets the version of the domain's table; what it is now.
///
/// # Errors
///
/// `EINVAL` for one that is none, `ENOSYS` for one that is refused, `EBUSY` while grants are in use.
pub fn grant_set_version(version: u32) -> Result<u32> {
    let mut argument = [SetVersion { version }];
    // SAFETY: the hypervisor reads and writes the structure. A version other than 1 gives the table's
    // entries another meaning to the hypervisor, which can harm nobody but their grantees.
    unsafe { operate(GrantOp::SetVersion, &mut argument) }?;
    Ok(argument[0].version)
}

/// The version of a domain's table.
///
/// # Errors
///
/// `EPERM`, `ESRCH`.
pub fn grant_get_version(domain: DomainId) -> Result<u32> {
    let mut argument = [GetVersion {
        dom: domain,
        _pad: 0,
        version: 0,
    }];
    // SAFETY: the hypervisor fills in the structure.
    unsafe { operate(GrantOp::GetVersion, &mut argument) }?;
    Ok(argument[0].version)
}

/// Writes back or drops what caches hold of parts of pages.
///
/// # Safety
///
/// Nobody may rely on what caches are told to drop.
///
/// # Errors
///
/// `EINVAL` for what leaves its page or no operation, `EPERM` for a page that is not the caller's,
/// `EOPNOTSUPP` for one named by its reference where that is not known.
pub unsafe fn grant_cache_flush(list: &mut [CacheFlush]) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(GrantOp::CacheFlush, list) }
}

/// Gives pages to other domains.
///
/// # Safety
///
/// Nothing may map the frames, and nobody use them.
///
/// # Errors
///
/// `ENOSYS` where it is refused, as on Ringwall; else each status says.
pub unsafe fn grant_transfer(list: &mut [Transfer]) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { operate(GrantOp::Transfer, list) }
}

/// Swaps entries of the domain's own table.
///
/// # Errors
///
/// `ENOSYS` where it is refused, as on Ringwall; else each status says.
pub fn grant_swap(list: &mut [SwapGrantRef]) -> Result<()> {
    // SAFETY: the hypervisor reads and writes the list. What is granted stays so, by another number.
    unsafe { operate(GrantOp::SwapGrantRef, list) }
}
