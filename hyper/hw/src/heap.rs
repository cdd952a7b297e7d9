//! The hypervisor's own memory: frames, and a heap of them.
//!
//! Small requests come from lists of equal pieces, larger ones are powers of two of frames. A page
//! that was cut into pieces stays cut. Nothing on a hot path comes here.
// UNSAFETY: implements the global allocator.
#![expect(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;

use spin::Mutex;

use crate::layout::DIRECT_MAP_START;

const PAGE: usize = 4096;
/// Sizes of the pieces: 16 bytes to half a page.
const CLASSES: usize = 8;
const SMALLEST: usize = 16;

/// Where frames come from and go to: `1 << order` frames, physical address.
#[derive(Clone, Copy)]
pub struct FrameSource {
    /// Takes frames; they may hold anything.
    pub take: fn(order: u32) -> Option<u64>,
    /// Gives them back.
    pub give: fn(address: u64, order: u32),
}

struct Lists {
    source: Option<FrameSource>,
    free: [u64; CLASSES],
    /// Frames in use, of all kinds.
    frames: u64,
}

/// Lock order: before the frame allocator's; never taken on a hot path.
static LISTS: Mutex<Lists> = Mutex::new(Lists {
    source: None,
    free: [0; CLASSES],
    frames: 0,
});

/// Sets where frames come from from now on.
pub fn set_source(source: FrameSource) {
    LISTS.lock().source = Some(source);
}

/// Frames that the hypervisor has taken for itself.
#[must_use]
pub fn frames_in_use() -> u64 {
    LISTS.lock().frames
}

/// A zeroed frame for the hypervisor's own use, for good: its physical address.
#[must_use]
pub fn table_frame() -> Option<u64> {
    let address = LISTS.lock().take(0)?;
    // SAFETY: the frame is ours alone, and mapped.
    unsafe { ((DIRECT_MAP_START + address) as *mut u8).write_bytes(0, PAGE) };
    Some(address)
}

impl Lists {
    fn take(&mut self, order: u32) -> Option<u64> {
        let address = (self.source?.take)(order)?;
        self.frames += 1 << order;
        Some(address)
    }

    fn piece(&mut self, class: usize) -> Option<u64> {
        if self.free[class] == 0 {
            let page = DIRECT_MAP_START + self.take(0)?;
            let size = SMALLEST << class;
            for piece in (page..page + PAGE as u64).step_by(size) {
                // SAFETY: `piece` lies in the fresh page, aligned to its size.
                unsafe { (piece as *mut u64).write(self.free[class]) };
                self.free[class] = piece;
            }
        }
        let piece = self.free[class];
        // SAFETY: a free piece holds the address of the next one.
        self.free[class] = unsafe { (piece as *const u64).read() };
        Some(piece)
    }
}

enum Place {
    Piece(usize),
    Frames(u32),
}

fn place(layout: Layout) -> Place {
    let size = layout
        .size()
        .max(layout.align())
        .max(SMALLEST)
        .next_power_of_two();
    if size <= PAGE / 2 {
        Place::Piece((size / SMALLEST).trailing_zeros() as usize)
    } else {
        Place::Frames((size.div_ceil(PAGE)).next_power_of_two().trailing_zeros())
    }
}

struct Heap;

// SAFETY: 1. pieces and frames are aligned to their size, which is at least the layout's size and
// alignment; 2. each is on the free list or handed out, never both, under the lock; 3. no unwinding.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut lists = LISTS.lock();
        let address = match place(layout) {
            Place::Piece(class) => lists.piece(class),
            Place::Frames(order) => lists.take(order).map(|address| DIRECT_MAP_START + address),
        };
        address.map_or(null_mut(), |address| address as *mut u8)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let mut lists = LISTS.lock();
        match place(layout) {
            Place::Piece(class) => {
                // SAFETY: the piece was handed out by `alloc` and is not used any more.
                unsafe { pointer.cast::<u64>().write(lists.free[class]) };
                lists.free[class] = pointer.addr() as u64;
            }
            Place::Frames(order) => {
                if let Some(source) = lists.source {
                    lists.frames -= 1 << order;
                    (source.give)(pointer.addr() as u64 - DIRECT_MAP_START, order);
                }
            }
        }
    }
}

#[cfg_attr(target_os = "none", global_allocator)]
#[cfg_attr(
    not(target_os = "none"),
    expect(dead_code, reason = "a host has an allocator of its own")
)]
static HEAP: Heap = Heap;
