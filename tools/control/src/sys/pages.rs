//! Memory that a hypercall's structures lie in: it stays where it is, and is always present.
// UNSAFETY: the memory is a mapping of its own.
#![expect(unsafe_code)]

use core::ptr::{self, NonNull};
use std::os::fd::BorrowedFd;

use ringwall_abi::{GuestAddress, PAGE_SIZE};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// Pages of this process alone, for hypercalls.
///
/// The hypervisor can't fault a page in, as Linux would for a system call. `/dev/xen/hypercall` gives pages that
/// Linux neither swaps nor moves; where it is missing (before Linux 4.18), they are locked.
#[derive(Debug)]
pub(crate) struct Pages {
    // A mapping of `length` bytes, readable and writable, that this owns.
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping belongs to this value alone, wherever it is; a shared reference only reads.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    /// Takes `count` pages, filled with zeros.
    pub(crate) fn new(device: Option<BorrowedFd<'_>>, count: usize) -> Result<Self, Errno> {
        let length = count * PAGE_SIZE;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let address = match device {
            // SAFETY: no address is asked for, so that nothing is mapped over.
            Some(device) => unsafe {
                mmap(ptr::null_mut(), length, access, MapFlags::SHARED, device, 0)
            },
            None => {
                let flags = MapFlags::PRIVATE | MapFlags::LOCKED | MapFlags::POPULATE;
                // SAFETY: as above.
                unsafe { mmap_anonymous(ptr::null_mut(), length, access, flags) }
            }
        }?;
        let start = NonNull::new(address.cast()).ok_or(Errno::FAULT)?;
        Ok(Self { start, length })
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is that long, initialised by the kernel, and changed by exclusive references alone.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// All bytes, to be changed.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and this is the one reference.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// The address of the byte at `offset`, for the hypervisor.
    pub(crate) fn address(&self, offset: usize) -> GuestAddress {
        GuestAddress::new(self.start.as_ptr().expose_provenance() as u64 + offset as u64)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, which ends here, and no reference outlives it.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
    }
}
