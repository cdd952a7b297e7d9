//! Memory that others may write while we look.
// UNSAFETY: such memory can't be a Rust value. It is reached by address alone: words by atomics, runs
// of bytes by string instructions, which the compiler can neither repeat nor look through.
#![expect(unsafe_code)]

use alloc::alloc::{alloc_zeroed, dealloc};
use core::alloc::Layout;
use core::arch::asm;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use ringwall_abi::PAGE_SIZE;
use zerocopy::{FromBytes, Immutable, IntoBytes};

const LAYOUT: Layout = match Layout::from_size_align(PAGE_SIZE, PAGE_SIZE) {
    Ok(layout) => layout,
    Err(_) => panic!("a page is no layout"),
};

/// A page that the hypervisor or another domain may write at any time.
///
/// So it is reached by atomics, or by copies that read each byte once: what it says is to be checked on
/// the copy.
///
/// Invariant: `PAGE_SIZE` bytes from `start`, which is aligned so, are mapped readable and writable as
/// long as the value lives, and no reference to them exists but to atomics.
#[derive(Debug)]
pub struct SharedPage {
    start: NonNull<u8>,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Goes back to the heap.
    Heap,
    /// Was there before, and stays.
    Mapped,
}

// SAFETY: all access is by atomics or string instructions, which may race.
unsafe impl Send for SharedPage {}
// SAFETY: as above.
unsafe impl Sync for SharedPage {}

macro_rules! word {
    ($name:ident, $atomic:ty) => {
        /// The word at this offset in bytes.
        ///
        /// # Panics
        ///
        /// If it does not lie in the page, or is not aligned to its size.
        #[must_use]
        pub fn $name(&self, offset: usize) -> &$atomic {
            let size = size_of::<$atomic>();
            assert!(
                offset.is_multiple_of(size) && offset < PAGE_SIZE,
                "no word of a page is at offset {offset}"
            );
            // SAFETY: 1. the word lies in the page: both are aligned, and the page is a multiple of
            // it; 2. the page is mapped as long as `self` lives, and reached by atomics alone.
            unsafe { self.start.byte_add(offset).cast::<$atomic>().as_ref() }
        }
    };
}

impl SharedPage {
    /// The page at this address.
    ///
    /// # Safety
    ///
    /// The type's invariant must hold.
    ///
    /// # Panics
    ///
    /// If the address is 0 or not that of a page.
    #[must_use]
    pub unsafe fn new(address: u64) -> Self {
        assert!(address.is_multiple_of(PAGE_SIZE as u64), "not a page");
        let start = NonNull::new(address as *mut u8);
        Self {
            start: start.expect("no page is at 0"),
            origin: Origin::Mapped,
        }
    }

    /// A page of zeroes from the heap, or `None` where there is no memory.
    #[must_use]
    pub fn zeroed() -> Option<Self> {
        // SAFETY: the layout's size is not 0.
        let start = NonNull::new(unsafe { alloc_zeroed(LAYOUT) })?;
        Some(Self {
            start,
            origin: Origin::Heap,
        })
    }

    /// Leaves the page to whoever has it mapped: it never goes back to the heap.
    pub fn abandon(&mut self) {
        self.origin = Origin::Mapped;
    }

    /// Its virtual address.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.start.addr().get() as u64
    }

    word!(u8, AtomicU8);
    word!(u16, AtomicU16);
    word!(u32, AtomicU32);
    word!(u64, AtomicU64);

    /// Copies bytes out, each read once. `None`, and nothing is copied, where they are not all in
    /// the page.
    #[must_use]
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Option<()> {
        let from = self.range(offset, into.len())?;
        // SAFETY: 1. `range` says that as many bytes from `from` are in the page. 2. `into` is ours
        // alone, so they do not overlap.
        unsafe { copy(from.as_ptr(), into.as_mut_ptr(), into.len()) };
        Some(())
    }

    /// Copies bytes in. `None`, and nothing is copied, where they do not all fit.
    #[must_use]
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Option<()> {
        let to = self.range(offset, bytes.len())?;
        // SAFETY: 1. `range` says that as many bytes from `to` are in the page. 2. No reference
        // reaches the page, so they do not overlap.
        unsafe { copy(bytes.as_ptr(), to.as_ptr(), bytes.len()) };
        Some(())
    }

    /// A copy of what is at `offset`.
    #[must_use]
    pub fn read_value<T: FromBytes + IntoBytes>(&self, offset: usize) -> Option<T> {
        let mut value = T::new_zeroed();
        self.read(offset, value.as_mut_bytes())?;
        Some(value)
    }

    /// Writes a value to `offset`.
    #[must_use]
    pub fn write_value<T: IntoBytes + Immutable>(&self, offset: usize, value: &T) -> Option<()> {
        self.write(offset, value.as_bytes())
    }

    /// The byte at `offset`, if `length` of them from there are in the page.
    fn range(&self, offset: usize, length: usize) -> Option<NonNull<u8>> {
        let end = offset.checked_add(length)?;
        if end > PAGE_SIZE {
            return None;
        }
        // SAFETY: 1. `offset` is at most the page's size, which is the allocation's. 2. It is far
        // below `isize::MAX`.
        Some(unsafe { self.start.add(offset) })
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        if self.origin == Origin::Heap {
            // SAFETY: `new` got it by this layout, and nobody else gives it back.
            unsafe { dealloc(self.start.as_ptr(), LAYOUT) };
        }
    }
}

/// Copies `length` bytes, by eights as far as they go.
///
/// # Safety
/// As many bytes can be read from `from` and written to `to`, and the two do not overlap.
unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: 1. `rcx * 8 + tail` is `length`: no other byte is touched, as the caller promises.
    // 2. The direction flag is clear, by the calling convention. 3. The stack and flags are not used.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {tail:e}",
            "rep movsb",
            tail = in(reg) length % 8,
            inout("rcx") length / 8 => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Words that are mapped for good.
///
/// # Safety
///
/// The words must be mapped, readable and, if anything is stored to them, writable, and no reference to
/// them may exist but to atomics.
pub(crate) unsafe fn words(address: u64, count: usize) -> &'static [AtomicU64] {
    // SAFETY: as the caller promises; atomics have the layout of what they hold.
    unsafe { core::slice::from_raw_parts(address as *const AtomicU64, count) }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let page = SharedPage::zeroed().unwrap();
        for (offset, length) in [(0, 0), (0, 1), (3, 13), (8, 64), (4095, 1), (0, 4096)] {
            let bytes: alloc::vec::Vec<u8> = (0..=255).cycle().skip(3).take(length).collect();
            page.write(offset, &bytes).unwrap();
            let mut read = alloc::vec![0; length];
            page.read(offset, &mut read).unwrap();
            assert_eq!(read, bytes);
        }
    }

    #[test]
    fn nothing_outside_the_page_is_reached() {
        let page = SharedPage::zeroed().unwrap();
        for (offset, length) in [(4096, 1), (4095, 2), (usize::MAX, 2), (0, 4097)] {
            let mut bytes = alloc::vec![0; length];
            assert_eq!(page.read(offset, &mut bytes), None);
            assert_eq!(page.write(offset, &bytes), None);
        }
        page.u32(4092).store(7, Ordering::Relaxed);
        assert_eq!(page.read_value::<u32>(4092), Some(7));
    }
}
