//! The heap over a host's memory.
// UNSAFETY: plays the source of frames, and who has memory of the heap.
#![expect(unsafe_code)]

use core::alloc::Layout;
use core::ptr::NonNull;
use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::lists::{FrameSource, Lists};
use super::page::{CLASSES, PAGE, SMALLEST};

std::thread_local! {
    /// Frames that are out, and how many may be.
    static OUT: Cell<u64> = const { Cell::new(0) };
    static LIMIT: Cell<u64> = const { Cell::new(u64::MAX) };
}

fn blocks(order: u32) -> Layout {
    Layout::from_size_align(PAGE << order, PAGE << order).unwrap()
}

fn heap(limit: u64) -> Lists {
    OUT.set(0);
    LIMIT.set(limit);
    let mut heap = Lists::new(0);
    heap.set_source(FrameSource {
        take: |order| {
            if OUT.get() + (1 << order) > LIMIT.get() {
                return None;
            }
            OUT.set(OUT.get() + (1 << order));
            // SAFETY: the size is not zero.
            Some(unsafe { std::alloc::alloc(blocks(order)) }.addr() as u64)
        },
        give: |address, order| {
            OUT.set(OUT.get() - (1 << order));
            // SAFETY: `take` had it from there, with this layout.
            unsafe { std::alloc::dealloc(address as *mut u8, blocks(order)) };
        },
    });
    heap
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 1).unwrap()
}

fn take(heap: &mut Lists, size: usize) -> NonNull<u8> {
    heap.allocate(layout(size)).unwrap()
}

fn put(heap: &mut Lists, memory: NonNull<u8>, size: usize) {
    // SAFETY: each test gives back what it took, once.
    unsafe { heap.free(memory, layout(size)) };
}

#[test]
fn a_page_comes_with_its_first_piece_and_goes_with_its_last() {
    for class in 0..CLASSES {
        let size = SMALLEST << class;
        let mut heap = heap(u64::MAX);
        let first = take(&mut heap, size);
        assert_eq!((OUT.get(), heap.frames()), (1, 1));
        let mut others = Vec::new();
        while OUT.get() == 1 {
            others.push(take(&mut heap, size));
        }
        assert!(others.len() >= 3, "{size}");
        // Both pages are in use, one of them wholly.
        put(&mut heap, first, size);
        assert_eq!(OUT.get(), 2);
        for piece in others {
            put(&mut heap, piece, size);
        }
        assert_eq!((OUT.get(), heap.frames(), heap.bytes()), (0, 0, 0));
    }
}

#[test]
fn a_free_piece_is_taken_before_another_page_is() {
    let mut heap = heap(u64::MAX);
    let mut pieces: Vec<_> = (0..30).map(|_| take(&mut heap, 1000)).collect();
    assert_eq!(OUT.get(), 10);
    for at in [3, 14, 25] {
        put(&mut heap, pieces[at], 1000);
        pieces[at] = take(&mut heap, 700);
    }
    assert_eq!((OUT.get(), heap.bytes()), (10, 30 * 1024));
    for piece in pieces {
        put(&mut heap, piece, 1024);
    }
    assert_eq!(OUT.get(), 0);
}

#[test]
fn what_is_larger_than_a_piece_is_frames() {
    let mut heap = heap(u64::MAX);
    for (size, frames) in [(1025, 1), (4096, 1), (4097, 2), (9000, 4), (1 << 20, 256)] {
        let memory = take(&mut heap, size);
        assert_eq!(OUT.get(), frames, "{size}");
        assert_eq!(memory.addr().get() % PAGE, 0);
        assert_eq!(heap.bytes(), frames * PAGE as u64);
        put(&mut heap, memory, size);
        assert_eq!((OUT.get(), heap.bytes()), (0, 0));
    }
}

#[test]
fn without_frames_nothing_is_given_and_nothing_lost() {
    let mut heap = heap(1);
    let mut pieces = Vec::new();
    while let Some(piece) = heap.allocate(layout(16)) {
        pieces.push(piece);
    }
    assert!(pieces.len() > 200);
    assert_eq!(heap.allocate(layout(17)), None);
    assert_eq!(heap.allocate(layout(5000)), None);
    assert_eq!(heap.bytes(), 16 * pieces.len() as u64);
    for piece in pieces {
        put(&mut heap, piece, 16);
    }
    assert_eq!((OUT.get(), heap.bytes()), (0, 0));
}

proptest! {
    #[test]
    fn pieces_are_aligned_and_nobody_elses_and_every_frame_comes_back(
        steps in proptest::collection::vec((any::<u16>(), 0_u32..14, 0_u32..8), 1..400),
    ) {
        let mut heap = heap(u64::MAX);
        let mut held = BTreeMap::new();
        for (number, (odd, size_bits, align_bits)) in (0_u64..).zip(steps) {
            let size = (1 << size_bits) + usize::from(odd) % (1 << size_bits);
            let layout = Layout::from_size_align(size, 1 << align_bits).unwrap();
            if odd % 3 != 0 {
                let memory = heap.allocate(layout).unwrap();
                prop_assert_eq!(memory.addr().get() % layout.align(), 0);
                let [fill, ..] = number.to_le_bytes();
                // SAFETY: it is ours, and so large.
                unsafe { memory.write_bytes(fill, size) };
                held.insert((odd, number), (memory, layout, fill));
            } else if let Some((_, (memory, layout, fill))) = held.pop_first() {
                // SAFETY: written above, and nobody else's.
                let bytes = unsafe { std::slice::from_raw_parts(memory.as_ptr(), layout.size()) };
                prop_assert!(bytes.iter().all(|&byte| byte == fill));
                // SAFETY: it came with this layout, and is forgotten.
                unsafe { heap.free(memory, layout) };
            }
        }
        prop_assert_eq!(heap.frames(), OUT.get());
        for (memory, layout, fill) in held.into_values() {
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts(memory.as_ptr(), layout.size()) };
            prop_assert!(bytes.iter().all(|&byte| byte == fill));
            // SAFETY: as above.
            unsafe { heap.free(memory, layout) };
        }
        prop_assert_eq!((OUT.get(), heap.frames(), heap.bytes()), (0, 0, 0));
    }
}
