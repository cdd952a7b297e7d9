//! What the heap has, and where it gets it.
// UNSAFETY: makes pages of memory that a source gives.
#![expect(unsafe_code)]

use core::alloc::Layout;
use core::ptr::NonNull;

use super::page::{CLASSES, List, PAGE, Page, SMALLEST};

/// Where frames come from and go to: `1 << order` frames, physical address.
#[derive(Clone, Copy)]
pub struct FrameSource {
    /// Takes frames; they may hold anything, and no TLB has a translation to them but the hypervisor's.
    pub take: fn(order: u32) -> Option<u64>,
    /// Gives them back.
    pub give: fn(address: u64, order: u32),
}

pub(super) struct Lists {
    source: Option<FrameSource>,
    /// The virtual address of physical address 0.
    base: u64,
    /// For each class, the pages of it that have free pieces.
    partial: [List; CLASSES],
    frames: u64,
    bytes: u64,
}

/// How a request is served.
enum Place {
    Piece(usize),
    Frames(u32),
}

impl Lists {
    /// Nothing, as yet from nowhere.
    pub(super) const fn new(base: u64) -> Self {
        Self {
            source: None,
            base,
            partial: [List::EMPTY; CLASSES],
            frames: 0,
            bytes: 0,
        }
    }

    pub(super) const fn set_source(&mut self, source: FrameSource) {
        self.source = Some(source);
    }

    /// Frames that were taken and not given back.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes of what is in use of them, each request rounded up to what it got.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A frame for good: its physical address, and where it is.
    pub(super) fn table_frame(&mut self) -> Option<(u64, NonNull<u8>)> {
        let place = self.take(0)?;
        self.bytes += PAGE as u64;
        Some((place.addr().get() as u64 - self.base, place))
    }

    /// Memory for a layout, which holds anything.
    pub(super) fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let (memory, bytes) = match place(layout) {
            Place::Piece(class) => (self.take_piece(class)?, SMALLEST << class),
            Place::Frames(order) => (self.take(order)?, PAGE << order),
        };
        self.bytes += bytes as u64;
        Some(memory)
    }

    /// Takes memory back.
    ///
    /// # Safety
    /// It came from [`Self::allocate`] with this layout, and is not used any more.
    pub(super) unsafe fn free(&mut self, memory: NonNull<u8>, layout: Layout) {
        let bytes = match place(layout) {
            Place::Piece(class) => {
                // SAFETY: the caller's memory is a piece, and its page is ours while one is in use.
                let page = unsafe { Page::of(memory) };
                self.put_piece(class, page, memory);
                SMALLEST << class
            }
            Place::Frames(order) => {
                self.give(memory, order);
                PAGE << order
            }
        };
        self.bytes -= bytes as u64;
    }

    fn take_piece(&mut self, class: usize) -> Option<NonNull<u8>> {
        let page = match self.partial[class].first() {
            Some(page) => page,
            None => {
                let memory = self.take(0)?;
                // SAFETY: a whole page, which the source has given to us alone.
                let page = unsafe { Page::cut(memory, class) };
                self.partial[class].push(page);
                page
            }
        };
        let piece = page.take(class)?;
        if page.free_pieces() == 0 {
            self.partial[class].remove(page);
        }
        Some(piece)
    }

    fn put_piece(&mut self, class: usize, page: Page, piece: NonNull<u8>) {
        if page.free_pieces() == 0 {
            self.partial[class].push(page);
        }
        page.put(class, piece);
        if page.free_pieces() == Page::pieces(class) {
            self.partial[class].remove(page);
            self.give(page.address(), 0);
        }
    }

    fn take(&mut self, order: u32) -> Option<NonNull<u8>> {
        let address = (self.source?.take)(order)?;
        self.frames += 1 << order;
        NonNull::new((self.base + address) as *mut u8)
    }

    fn give(&mut self, memory: NonNull<u8>, order: u32) {
        if let Some(source) = self.source {
            self.frames -= 1 << order;
            (source.give)(memory.addr().get() as u64 - self.base, order);
        }
    }
}

fn place(layout: Layout) -> Place {
    let size = layout.size().max(layout.align()).max(SMALLEST);
    let size = size.next_power_of_two();
    let class = (size / SMALLEST).trailing_zeros() as usize;
    if class < CLASSES {
        Place::Piece(class)
    } else {
        Place::Frames(size.div_ceil(PAGE).trailing_zeros())
    }
}
