//! Memory that another domain has too, and may write at any time.
// UNSAFETY: no reference to such bytes may exist: they are copied by the CPU's string instructions.
#![expect(unsafe_code)]

use core::arch::asm;
use core::fmt;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};
use std::os::fd::BorrowedFd;

use ringwall_abi::PAGE_SIZE;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::Protection;

/// Pages that another domain can read or write meanwhile; dropping it unmaps them.
///
/// Offsets are in bytes from its start. What is read is a copy, and of words each is read once; what the other
/// domain makes of its memory is its own affair, so check what you have copied, not what is there.
#[derive(Debug)]
pub struct SharedMemory {
    // A mapping of `length` bytes that this owns.
    start: NonNull<u8>,
    length: usize,
    protection: Protection,
}

/// A place that is not in the memory, not aligned to the word that was asked for, or not to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a place outside of the mapped memory, misaligned or read-only")
    }
}

impl core::error::Error for OutOfRange {}

// SAFETY: the mapping belongs to this value alone, wherever it is.
unsafe impl Send for SharedMemory {}
// SAFETY: the methods copy by instructions that take any value, or give atomics: a race is as one with the other
// domain, which is always there.
unsafe impl Sync for SharedMemory {}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $atomic:ty;)+) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`OutOfRange`]: it does not lie in the memory, is misaligned, or the memory is read-only.
            pub fn $name(&self, offset: usize) -> Result<&$atomic, OutOfRange> {
                let place = self.place(offset, size_of::<$atomic>(), Protection::ReadWrite)?;
                let place = place.cast::<$atomic>();
                if !place.is_aligned() {
                    return Err(OutOfRange);
                }
                // SAFETY: in the mapping, which is writable and outlives the reference, aligned, and each value
                // is one; others reach it by atomics or by single instructions alone.
                Ok(unsafe { place.as_ref() })
            }
        )+
    };
}

impl SharedMemory {
    /// Maps `pages` pages of a device at `offset`.
    pub(crate) fn reserve(
        device: BorrowedFd<'_>,
        offset: u64,
        pages: usize,
        protection: Protection,
    ) -> Result<Self, Errno> {
        let length = pages.checked_mul(PAGE_SIZE).ok_or(Errno::TOOBIG)?;
        let access = match protection {
            Protection::ReadOnly => ProtFlags::READ,
            Protection::ReadWrite => ProtFlags::READ | ProtFlags::WRITE,
        };
        // SAFETY: no address is asked for, so that nothing is mapped over.
        let address = unsafe {
            mmap(
                ptr::null_mut(),
                length,
                access,
                MapFlags::SHARED,
                device,
                offset,
            )
        }?;
        Ok(Self {
            start: NonNull::new(address.cast()).ok_or(Errno::FAULT)?,
            length,
            protection,
        })
    }

    /// Where it is mapped.
    pub(super) fn address(&self) -> u64 {
        self.start.as_ptr().expose_provenance() as u64
    }

    /// Bytes that are mapped: a multiple of the page size.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is mapped.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Copies bytes from `offset` on.
    ///
    /// # Errors
    /// [`OutOfRange`]: they don't all lie in the memory.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), OutOfRange> {
        let from = self.place(offset, into.len(), Protection::ReadOnly)?;
        copy(from.as_ptr(), into.as_mut_ptr(), into.len());
        Ok(())
    }

    /// Copies bytes to `offset` and what follows.
    ///
    /// # Errors
    /// [`OutOfRange`]: they don't all lie in the memory, or it is read-only.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange> {
        let to = self.place(offset, bytes.len(), Protection::ReadWrite)?;
        copy(bytes.as_ptr(), to.as_ptr(), bytes.len());
        Ok(())
    }

    /// Fills `length` bytes from `offset` on with zeros.
    ///
    /// # Errors
    /// [`OutOfRange`]: they don't all lie in the memory, or it is read-only.
    pub fn clear(&self, offset: usize, length: usize) -> Result<(), OutOfRange> {
        let to = self.place(offset, length, Protection::ReadWrite)?;
        // SAFETY: the place is in the mapping, which is writable, and the direction flag is clear by the ABI.
        unsafe {
            asm!(
                "rep stosq",
                "mov rcx, {tail}",
                "rep stosb",
                tail = in(reg) length % 8,
                inout("rcx") length / 8 => _,
                inout("rdi") to.as_ptr() => _,
                in("rax") 0_u64,
                options(nostack, preserves_flags)
            );
        }
        Ok(())
    }

    words! {
        /// The byte at `offset`.
        u8_at: AtomicU8;
        /// The 16-bit word at `offset`.
        u16_at: AtomicU16;
        /// The 32-bit word at `offset`.
        u32_at: AtomicU32;
        /// The 64-bit word at `offset`.
        u64_at: AtomicU64;
    }

    fn place(
        &self,
        offset: usize,
        length: usize,
        needed: Protection,
    ) -> Result<NonNull<u8>, OutOfRange> {
        let end = offset.checked_add(length).ok_or(OutOfRange)?;
        let refused = needed == Protection::ReadWrite && self.protection == Protection::ReadOnly;
        if end > self.length || refused {
            return Err(OutOfRange);
        }
        // SAFETY: `offset` is at most the length of the mapping.
        Ok(unsafe { self.start.add(offset) })
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, which ends here, and no reference outlives it.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// Copies `length` bytes, each read and written once. Eight at a time: under QEMU's TCG `movsb` takes seven times
/// as long.
fn copy(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: callers have checked both places for `length` bytes; one of them is private memory, so that they
    // don't overlap. The direction flag is clear by the ABI.
    unsafe {
        asm!(
            "rep movsq",
            "mov rcx, {tail}",
            "rep movsb",
            tail = in(reg) length % 8,
            inout("rcx") length / 8 => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::Ordering;
    use std::fs::File;
    use std::os::fd::AsFd as _;

    fn memory(protection: Protection) -> SharedMemory {
        let device = File::options()
            .read(true)
            .write(true)
            .open("/dev/zero")
            .expect("/dev/zero");
        SharedMemory::reserve(device.as_fd(), 0, 1, protection).expect("a page")
    }

    #[test]
    fn what_is_written_is_read() {
        let memory = memory(Protection::ReadWrite);
        assert_eq!(memory.len(), PAGE_SIZE);
        memory.write(5, b"thirteen byte").expect("in range");
        let mut copy = [0; 15];
        memory.read(4, &mut copy).expect("in range");
        assert_eq!(&copy, b"\0thirteen byte\0");
        memory.clear(6, 10).expect("in range");
        memory.read(4, &mut copy).expect("in range");
        assert_eq!(&copy, b"\0t\0\0\0\0\0\0\0\0\0\0te\0");
        let word = memory.u32_at(8).expect("aligned");
        word.store(7, Ordering::Release);
        memory.read(8, &mut copy[..4]).expect("in range");
        assert_eq!(copy[..4], 7_u32.to_le_bytes());
    }

    #[test]
    fn places_outside_are_refused() {
        let memory = memory(Protection::ReadWrite);
        let mut two = [0; 2];
        assert_eq!(memory.read(PAGE_SIZE - 1, &mut two), Err(OutOfRange));
        assert_eq!(memory.write(usize::MAX, &two), Err(OutOfRange));
        assert_eq!(memory.clear(1, PAGE_SIZE), Err(OutOfRange));
        assert!(memory.u32_at(PAGE_SIZE - 3).is_err());
        assert!(memory.u32_at(2).is_err());
        assert!(memory.u64_at(PAGE_SIZE - 8).is_ok());
    }

    #[test]
    fn what_is_read_only_is_not_written() {
        let memory = memory(Protection::ReadOnly);
        assert_eq!(memory.write(0, &[1]), Err(OutOfRange));
        assert!(memory.u8_at(0).is_err());
        assert_eq!(memory.read(0, &mut [1]), Ok(()));
    }
}
