//! The global allocator: a buddy system over the guest's memory, which grows as it is used.
// UNSAFETY: implements the global allocator.
#![expect(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};

use buddy_system_allocator::Heap;

use crate::memory::word;
use crate::sync::Lock;

/// One above log2 of the largest block in bytes: 64 GiB.
const ORDERS: usize = 37;

struct Allocator(Lock<Heap<ORDERS>>);

#[cfg_attr(target_os = "none", global_allocator)]
static HEAP: Allocator = Allocator(Lock::new(Heap::new()));

/// Gives memory to the heap: addresses, both multiples of the page size.
///
/// # Safety
///
/// The memory must be mapped writable for good, and nobody else's.
pub(crate) unsafe fn give(start: u64, end: u64) {
    let mut heap = HEAP.0.lock();
    // SAFETY: as the caller promises.
    unsafe { heap.add_to_heap(word(start), word(end)) };
}

/// What the heap has, and what of it is in use, both in bytes.
#[must_use]
pub(crate) fn usage() -> (usize, usize) {
    let heap = HEAP.0.lock();
    (heap.stats_total_bytes(), heap.stats_alloc_actual())
}

// SAFETY: 1. the heap's blocks are disjoint and have the size and alignment of their layouts; 2. all
// access to its lists is under the lock, which keeps events out; 3. nothing unwinds.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut heap = self.0.lock();
        loop {
            if let Ok(block) = heap.alloc(layout) {
                return block.as_ptr();
            }
            let Some(fresh) = crate::memory::grow(layout) else {
                return null_mut();
            };
            // SAFETY: the memory was mapped just now, for the heap.
            unsafe { heap.add_to_heap(word(fresh.start), word(fresh.end)) };
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if let Some(pointer) = NonNull::new(pointer) {
            // SAFETY: the block was allocated here with this layout, and is not used any more.
            unsafe { self.0.lock().dealloc(pointer, layout) };
        }
    }
}
