//! `/dev/xen/privcmd`: hypercalls, and mappings of other domains' frames.
//!
//! Source: Linux's `xen/privcmd.h`.
// UNSAFETY: hypercalls and mappings go by addresses.
#![expect(unsafe_code)]

use std::os::fd::BorrowedFd;

use ringwall_abi::memory::ResourceType;
use ringwall_abi::{DomainId, Hypercall, Mfn};
use rustix::io::Errno;
use rustix::ioctl::Opcode;

use super::ioctl::{ioctl, number};
use super::{Pages, SharedMemory};
use crate::Protection;

const HYPERCALL: Opcode = number(b'P', 0, size_of::<PrivcmdHypercall>());
const MMAPBATCH_V2: Opcode = number(b'P', 4, size_of::<MmapBatch>());
const MMAP_RESOURCE: Opcode = number(b'P', 7, size_of::<MmapResource>());

/// `struct privcmd_hypercall`.
#[repr(C)]
struct PrivcmdHypercall {
    op: u64,
    arg: [u64; 5],
}

/// `struct privcmd_mmapbatch_v2`.
#[repr(C)]
struct MmapBatch {
    num: u32,
    dom: DomainId,
    addr: u64,
    arr: *const Mfn,
    err: *mut i32,
}

/// `struct privcmd_mmap_resource`.
#[repr(C)]
struct MmapResource {
    dom: DomainId,
    kind: u32,
    id: u32,
    idx: u32,
    num: u64,
    addr: u64,
}

/// Does a hypercall whose addresses, in its arguments and in the structures that they lead to, are null or
/// within `pages`.
///
/// Callers take each address from [`Pages::address`], and say how long what is there is by what they put there:
/// so the hypervisor, which is trusted to do as the ABI says, writes to `pages` alone.
pub(crate) fn hypercall(
    privcmd: BorrowedFd<'_>,
    pages: &mut Pages,
    call: Hypercall,
    arg: [u64; 5],
) -> Result<i32, Errno> {
    let _ = pages;
    let mut argument = PrivcmdHypercall {
        op: call.number().into(),
        arg,
    };
    // SAFETY:
    // 1. The ioctl takes this structure.
    // 2. Its addresses are within `pages`, which nobody else uses meanwhile: it is borrowed exclusively.
    unsafe { ioctl(privcmd, HYPERCALL, &raw mut argument) }
}

/// Maps frames of another domain, one after the other; where one can't be mapped, its place in the list and why.
pub(crate) fn map_frames(
    privcmd: BorrowedFd<'_>,
    domain: DomainId,
    frames: &[Mfn],
    protection: Protection,
) -> Result<SharedMemory, (usize, Errno)> {
    let whole = |errno| (0, errno);
    let num = u32::try_from(frames.len()).map_err(|_| whole(Errno::TOOBIG))?;
    let memory = SharedMemory::reserve(privcmd, 0, frames.len(), protection).map_err(whole)?;
    let mut errors = vec![0_i32; frames.len()];
    let mut argument = MmapBatch {
        num,
        dom: domain,
        addr: memory.address(),
        arr: frames.as_ptr(),
        err: errors.as_mut_ptr(),
    };
    // SAFETY:
    // 1. The ioctl takes this structure.
    // 2. Both lists have `num` elements, and live on; the address is that of a mapping of this file of `num`
    //    pages, which nobody has seen yet.
    let result = unsafe { ioctl(privcmd, MMAPBATCH_V2, &raw mut argument) };
    // With ENOENT the list has the errors of the frames, too.
    if let Err(errno) = result
        && errno != Errno::NOENT
    {
        return Err(whole(errno));
    }
    match errors.iter().position(|error| *error != 0) {
        Some(index) => {
            let error = errors.get(index).map_or(0, |error| error.saturating_neg());
            Err((index, Errno::from_raw_os_error(error)))
        }
        None => Ok(memory),
    }
}

/// Maps `count` frames of a domain's resource from `first` on.
pub(crate) fn map_resource(
    privcmd: BorrowedFd<'_>,
    domain: DomainId,
    kind: ResourceType,
    first: u32,
    count: usize,
) -> Result<SharedMemory, Errno> {
    let memory = SharedMemory::reserve(privcmd, 0, count, Protection::ReadWrite)?;
    let mut argument = MmapResource {
        dom: domain,
        kind: kind.number().into(),
        id: 0,
        idx: first,
        num: count as u64,
        addr: memory.address(),
    };
    // SAFETY:
    // 1. The ioctl takes this structure.
    // 2. The address is that of a mapping of this file of `num` pages, which nobody has seen yet.
    unsafe { ioctl(privcmd, MMAP_RESOURCE, &raw mut argument) }?;
    Ok(memory)
}
