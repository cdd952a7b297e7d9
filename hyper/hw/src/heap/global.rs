//! The heap as `alloc` knows it.
// UNSAFETY: implements the global allocator, and zeroes frames.
#![expect(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};

use spin::Mutex;

use super::lists::{FrameSource, Lists};
use super::page::PAGE;
use crate::layout::DIRECT_MAP_START;

/// Lock order: before the frame allocator's; never taken on a hot path.
static LISTS: Mutex<Lists> = Mutex::new(Lists::new(DIRECT_MAP_START));

/// Sets where frames come from from now on.
pub fn set_source(source: FrameSource) {
    LISTS.lock().set_source(source);
}

/// Frames that the hypervisor has taken for itself.
#[must_use]
pub fn frames_in_use() -> u64 {
    LISTS.lock().frames()
}

/// Bytes of these frames that are in use. Without those between pieces in use, so that what is kept by mistake
/// shows here, whatever page it came to lie in.
#[must_use]
pub fn bytes_in_use() -> u64 {
    LISTS.lock().bytes()
}

/// A zeroed frame for the hypervisor's own use, for good: its physical address.
#[must_use]
pub fn table_frame() -> Option<u64> {
    let (address, frame) = LISTS.lock().table_frame()?;
    // SAFETY: the frame is ours alone, and mapped.
    unsafe { frame.write_bytes(0, PAGE) };
    Some(address)
}

struct Heap;

// SAFETY: 1. pieces and frames are aligned to their size, which is at least the layout's size and
// alignment; 2. each is free or handed out, never both, under the lock; 3. no unwinding.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let memory = LISTS.lock().allocate(layout);
        memory.map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if let Some(memory) = NonNull::new(pointer) {
            // SAFETY: the caller had it from `alloc`, with this layout.
            unsafe { LISTS.lock().free(memory, layout) };
        }
    }
}

#[cfg_attr(target_os = "none", global_allocator)]
#[cfg_attr(
    not(target_os = "none"),
    expect(dead_code, reason = "a host has an allocator of its own")
)]
static HEAP: Heap = Heap;
