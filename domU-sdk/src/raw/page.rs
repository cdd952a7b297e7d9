//! Words of memory that others may write while we look.
// UNSAFETY: from an address to atomics.
#![expect(unsafe_code)]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use ringwall_abi::PAGE_SIZE;

/// A page that stays mapped, and that the hypervisor or another domain may write at any time: so it
/// is reached by atomics alone, each word for itself.
///
/// Invariant: `PAGE_SIZE` bytes from `start`, which is aligned so, are mapped readable and writable as
/// long as the value lives, and no reference to them exists but to atomics.
#[derive(Debug)]
pub struct SharedPage {
    start: NonNull<u8>,
}

// SAFETY: all access is by atomics.
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
        }
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
