//! Free memory.

use proptest::prelude::*;
use ringwall_abi::Mfn;

use super::arena::Arena;
use crate::memory::{Block, Buddy, Error, MAX_ORDER, Machine};

/// Whether there is a free block of this order.
fn has_block(buddy: &mut Buddy, arena: &Arena, order: u16) -> bool {
    let block = buddy.allocate(arena, order, 64);
    block.map(|block| buddy.free(arena, block)).is_ok()
}

#[test]
fn everything_that_was_added_can_be_allocated_once() {
    let arena = Arena::new(1000);
    let mut buddy = arena.buddy.lock().unwrap();
    assert_eq!(buddy.free_frames(), 999, "frame 0 is nobody's");
    let mut seen = vec![false; 1000];
    while let Ok(block) = buddy.allocate(&arena, 0, 64) {
        let at = usize::try_from(block.mfn().raw()).unwrap();
        assert!(!std::mem::replace(&mut seen[at], true));
    }
    assert_eq!(seen.iter().filter(|seen| **seen).count(), 999);
    assert_eq!(buddy.free_frames(), 0);
    assert!(!has_block(&mut buddy, &arena, 0));
}

#[test]
fn an_address_limit_holds_and_low_memory_is_kept_for_those_who_need_it() {
    let arena = Arena::new(256);
    let mut buddy = arena.buddy.lock().unwrap();
    assert!(buddy.allocate(&arena, 0, 64).unwrap().mfn().raw() >= 128);
    for bits in 13..=20 {
        let block = buddy.allocate(&arena, 0, bits).unwrap();
        assert!(block.mfn().raw() << 12 < 1 << bits, "{bits}: {block:?}");
    }
    for bits in 0..=12 {
        assert_eq!(buddy.allocate(&arena, 0, bits), Err(Error::NoMemory));
    }
    assert_eq!(buddy.allocate(&arena, 8, 64), Err(Error::NoMemory));
}

#[test]
fn neighbours_join_again() {
    let arena = Arena::new(256);
    let mut buddy = arena.buddy.lock().unwrap();
    assert!(has_block(&mut buddy, &arena, 7));
    let mut blocks: Vec<Block> =
        std::iter::from_fn(|| buddy.allocate(&arena, 0, 64).ok()).collect();
    // Odd ones first: no two neighbours are free until the end.
    blocks.sort_by_key(|block| (block.mfn().raw() % 2 == 0, block.mfn().raw()));
    for block in blocks {
        buddy.free(&arena, block);
    }
    assert_eq!(buddy.free_frames(), 255);
    assert!(has_block(&mut buddy, &arena, 7));
}

#[test]
fn what_is_no_frame_is_not_added() {
    let arena = Arena::new(16);
    let mut buddy = crate::memory::Buddy::new();
    assert_eq!(buddy.add(&arena, Mfn::new(1 << 32), 1 << 20), 0);
    assert_eq!(buddy.add(&arena, Mfn::new(u64::MAX), u64::MAX), 0);
    assert_eq!(buddy.add(&arena, Mfn::new(100), 50), 0);
}

proptest! {
    #[test]
    fn blocks_are_aligned_disjoint_and_counted(
        steps in prop::collection::vec((0..8_u16, any::<prop::sample::Index>(), any::<bool>()), 1..200),
    ) {
        let arena = Arena::new(600);
        let mut held: Vec<Block> = Vec::new();
        let mut owned = vec![false; 600];
        let mut buddy = arena.buddy.lock().unwrap();
        for (order, pick, allocate) in steps {
            if allocate || held.is_empty() {
                let Ok(block) = buddy.allocate(&arena, order, 64) else { continue };
                prop_assert_eq!(block.order(), order);
                prop_assert!(block.mfn().raw().is_multiple_of(1 << order));
                for mfn in block.frames() {
                    prop_assert!(arena.frame(mfn).is_some());
                    let at = usize::try_from(mfn.raw()).unwrap();
                    prop_assert!(!std::mem::replace(&mut owned[at], true));
                }
                held.push(block);
            } else {
                let block = held.swap_remove(pick.index(held.len()));
                for mfn in block.frames() {
                    owned[usize::try_from(mfn.raw()).unwrap()] = false;
                }
                // Whole, or in halves.
                match block.split() {
                    Ok((lower, upper)) => {
                        buddy.free(&arena, lower);
                        buddy.free(&arena, upper);
                    }
                    Err(block) => buddy.free(&arena, block),
                }
            }
            let used = owned.iter().filter(|owned| **owned).count() as u64;
            prop_assert_eq!(buddy.free_frames(), 599 - used);
        }
        held.into_iter().for_each(|block| buddy.free(&arena, block));
        prop_assert_eq!(buddy.free_frames(), 599);
        prop_assert!(has_block(&mut buddy, &arena, 8));
    }
}

#[test]
fn the_largest_order_is_one_gibibyte() {
    assert_eq!(4096_u64 << MAX_ORDER, 1 << 30);
}
