//! `/dev/xen/gntdev`: pages that other domains grant.
//!
//! Source: Linux's `xen/gntdev.h`.
// UNSAFETY: ioctls.
#![expect(unsafe_code)]

use std::os::fd::BorrowedFd;

use ringwall_abi::{DomainId, Port};
use rustix::io::Errno;
use rustix::ioctl::Opcode;

use super::SharedMemory;
use super::ioctl::{ioctl, number};
use crate::{Protection, UnmapNotice};

/// With one reference in it, as the number has it whatever follows.
const MAP_GRANT_REF: Opcode = number(b'G', 0, 24);
const UNMAP_GRANT_REF: Opcode = number(b'G', 1, 16);
const SET_UNMAP_NOTIFY: Opcode = number(b'G', 7, 16);
const CLEAR_BYTE: u32 = 1;
const SEND_EVENT: u32 = 2;

/// How many pages one mapping may have here.
const MAX_GRANTS: usize = 1024;

/// Maps granted pages one after the other; the mapping, and the device's offset of it.
pub(crate) fn map_grants(
    device: BorrowedFd<'_>,
    domain: DomainId,
    references: &[u32],
    protection: Protection,
) -> Result<(SharedMemory, u64), Errno> {
    if references.is_empty() || references.len() > MAX_GRANTS {
        return Err(Errno::INVAL);
    }
    // `struct ioctl_gntdev_map_grant_ref`: count, index, then domain and reference of each page.
    let mut argument = vec![references.len() as u64, 0];
    let pairs = references
        .iter()
        .map(|reference| u64::from(*reference) << 32 | u64::from(domain.raw()));
    argument.extend(pairs);
    // SAFETY: the ioctl takes a list whose length is in its first word, and no addresses.
    unsafe { ioctl(device, MAP_GRANT_REF, argument.as_mut_ptr()) }?;
    let index = argument.get(1).copied().unwrap_or(0);
    match SharedMemory::reserve(device, index, references.len(), protection) {
        Ok(memory) => Ok((memory, index)),
        Err(errno) => {
            let _ = unmap_grants(device, index, references.len());
            Err(errno)
        }
    }
}

/// Forgets `count` pages at the device's offset `index`; they are given back when they are unmapped too.
pub(crate) fn unmap_grants(device: BorrowedFd<'_>, index: u64, count: usize) -> Result<(), Errno> {
    let mut argument = [index, count as u64];
    // SAFETY: the ioctl takes these words, which are no addresses.
    unsafe { ioctl(device, UNMAP_GRANT_REF, argument.as_mut_ptr()) }.map(drop)
}

/// Sets what is done when the mapping at the device's offset `index` is undone, also by this process's end.
pub(crate) fn set_unmap_notice(
    device: BorrowedFd<'_>,
    index: u64,
    notice: UnmapNotice,
) -> Result<(), Errno> {
    let clear = notice.clear_byte.map_or(0, |_| CLEAR_BYTE);
    let action = clear | notice.send_event.map_or(0, |_| SEND_EVENT);
    let port = notice.send_event.map_or(0, Port::raw);
    let place = index + u64::from(notice.clear_byte.unwrap_or(0));
    let mut argument = [place, u64::from(port) << 32 | u64::from(action)];
    // SAFETY: the ioctl takes these words, which are no addresses.
    unsafe { ioctl(device, SET_UNMAP_NOTIFY, argument.as_mut_ptr()) }.map(drop)
}
