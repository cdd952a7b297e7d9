//! References, their limits, and what a flush is needed for.

use ringwall_abi::{GuestAddress, Mfn, Pfn};

use super::arena::{Arena, D0, D1, RO, RW};
use super::audit::Held;
use crate::memory::{
    Entry, EntryAddress, EntryIndex, Error, Flags, Keep, Kind, Level, Machine, Reach, Ring, Stale,
    TypeReference, Unfinished,
};

/// A root with tables for address 0, loaded.
fn loaded(arena: &Arena) -> ([Mfn; 4], TypeReference<Level>) {
    let tables = arena.hierarchy(D0);
    let root = arena
        .memory()
        .get_root(tables[0], D0, &mut Unfinished::new())
        .unwrap();
    arena.flush();
    (tables, root)
}

fn finish(arena: &Arena, root: TypeReference<Level>) {
    arena.flush();
    arena.put_table(root);
    arena.audit(Held::default());
    arena.relinquish(D0);
    arena.relinquish(D1);
    arena.audit_empty();
}

fn update(arena: &Arena, root: Mfn, address: u64, new: Entry) -> Result<(), Error> {
    let address = GuestAddress::new(address);
    arena
        .memory()
        .update_address(root, address, new, D0, D0)
        .map(|_| ())
}

#[test]
fn counters_that_are_full_refuse_one_more() {
    let arena = Arena::new(8);
    let page = arena.allocate(D0);
    let memory = arena.memory();
    let writable = memory.get_writable(page, D0).unwrap();
    arena.books(page).usage.set_count_to_maximum();
    assert_eq!(memory.get_writable(page, D0).err(), Some(Error::Overflow));
    assert_eq!(arena.usage(page).0, Kind::Writable);
    assert_eq!(arena.books(page).references(), 2);
    memory.put_writable(writable, Stale::Now);
    let table = arena.allocate(D0);
    arena.pin(table, Level::L1, D0).unwrap();
    arena.books(table).usage.set_count_to_maximum();
    assert_eq!(
        memory.hold_table(table, Level::L1, D0).err(),
        Some(Error::Overflow)
    );
    assert_eq!(arena.pin(table, Level::L1, D0), Err(Error::Overflow));
    arena.books(page).set_references_to_maximum();
    assert_eq!(memory.get_page(page, D0).err(), Some(Error::Overflow));
    assert_eq!(memory.get_writable(page, D0).err(), Some(Error::Overflow));
}

#[test]
fn uses_exclude_each_other() {
    let arena = Arena::new(16);
    let memory = arena.memory();
    let page = arena.allocate(D0);
    let writable = memory.get_writable(page, D0).unwrap();
    assert_eq!(arena.pin(page, Level::L1, D0), Err(Error::TypeConflict));
    let descriptors = memory.get_descriptor_page(page, D0, Ring::Three);
    assert_eq!(descriptors.err(), Some(Error::TypeConflict));
    memory.put_writable(writable, Stale::Now);
    let descriptors = memory.get_descriptor_page(page, D0, Ring::Three).unwrap();
    assert_eq!(
        memory.get_writable(page, D0).err(),
        Some(Error::TypeConflict)
    );
    assert_eq!(arena.pin(page, Level::L1, D0), Err(Error::TypeConflict));
    memory.put_descriptor_page(descriptors, Stale::Now);
    for level in [Level::L1, Level::L2, Level::L3, Level::L4] {
        arena.pin(page, level, D0).unwrap();
        assert_eq!(arena.pin(page, level, D0), Err(Error::Pinned));
        assert_eq!(
            memory.get_writable(page, D0).err(),
            Some(Error::TypeConflict)
        );
        let descriptors = memory.get_descriptor_page(page, D0, Ring::Three);
        assert_eq!(descriptors.err(), Some(Error::TypeConflict));
        arena.unpin(page, D0).unwrap();
        assert_eq!(arena.unpin(page, D0), Err(Error::NotPinned));
    }
    arena.audit(Held::default());
}

#[test]
fn a_page_of_descriptors_is_checked_lowered_and_written_through_the_check() {
    let arena = Arena::new(8);
    let memory = arena.memory();
    let page = arena.allocate(D0);
    let place = |index| EntryAddress {
        table: page,
        index: EntryIndex::new(index).unwrap(),
    };
    let write = |index, raw| memory.update_descriptor(place(index), raw, D0, Ring::Three);
    const KERNEL: u64 = 0x00af_9a00_0000_ffff;
    const LOWERED: u64 = 0x00af_fb00_0000_ffff;
    const GATE: u64 = 0x0000_ec00_e008_0000;
    arena.poke(page, 2, Entry::new(KERNEL));
    arena.poke(page, 511, Entry::new(GATE));
    let outcome = memory.get_descriptor_page(page, D0, Ring::Three);
    assert_eq!(outcome.err(), Some(Error::BadDescriptor));
    arena.audit(Held::default());
    arena.poke(page, 511, Entry::NONE);
    let held = memory.get_descriptor_page(page, D0, Ring::Three).unwrap();
    assert_eq!(arena.peek(page, 2).raw(), LOWERED);
    write(3, KERNEL).unwrap();
    assert_eq!(arena.peek(page, 3).raw(), LOWERED);
    assert_eq!(write(3, GATE), Err(Error::BadDescriptor));
    memory.put_descriptor_page(held, Stale::Flushed);
    // Of another page it is an ordinary write, which no table allows.
    write(4, KERNEL).unwrap();
    arena.pin(page, Level::L1, D0).unwrap_err();
    for index in 2..5 {
        arena.poke(page, index, Entry::NONE);
    }
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(write(5, 0), Err(Error::TypeConflict));
    arena.audit(Held::default());
}

#[test]
fn fork_read_only_by_address_then_pin_needs_no_flush() {
    let arena = Arena::new(16);
    let ([l4, ..], root) = loaded(&arena);
    let page = arena.allocate(D0);
    update(&arena, l4, 0, Entry::map(page, RW)).unwrap();
    arena.touch(l4, 0, true, 0);
    let flushes = arena.flush_count();
    update(&arena, l4, 0, Entry::map(page, RO)).unwrap();
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes);
    let mut held = Held::default();
    held.add(l4, 1, 1);
    arena.audit(held);
    finish(&arena, root);
}

#[test]
fn a_second_way_to_the_entry_brings_the_flush_back() {
    // Another slot of the root, another entry of levels 3 and 2: each now, or not long ago.
    for (level, undo) in (0..3).flat_map(|level| [(level, false), (level, true)]) {
        let arena = Arena::new(16);
        let (tables, root) = loaded(&arena);
        let l4 = tables[0];
        let page = arena.allocate(D0);
        edit(&arena, tables[level], 1, Entry::map(tables[level + 1], RW));
        update(&arena, l4, 0, Entry::map(page, RW)).unwrap();
        arena.touch(l4, 1 << (39 - 9 * level), true, 0);
        assert_eq!(arena.tlb().leaves.len(), 1);
        if undo {
            edit(&arena, tables[level], 1, Entry::NONE);
        }
        let flushes = arena.flush_count();
        update(&arena, l4, 0, Entry::map(page, RO)).unwrap();
        arena.pin(page, Level::L1, D0).unwrap();
        assert_eq!(
            arena.flush_count(),
            flushes + 1,
            "level {level}, undone: {undo}"
        );
        finish(&arena, root);
    }
}

#[test]
fn exit_taking_a_tree_down_that_is_not_loaded_needs_no_flush() {
    let arena = Arena::new(24);
    let (_, root) = loaded(&arena);
    let old = arena.hierarchy(D0);
    let page = arena.allocate(D0);
    let memory = arena.memory();
    let loaded_once = memory.get_root(old[0], D0, &mut Unfinished::new()).unwrap();
    arena.flush();
    update(&arena, old[0], 0, Entry::map(page, RW)).unwrap();
    arena.touch(old[0], 0, true, 0);
    // Back to the other root.
    arena.flush();
    memory.release_root(loaded_once, &mut Unfinished::new());
    let flushes = arena.flush_count();
    arena.unpin(old[0], D0).unwrap();
    for mfn in old {
        let page = memory.get_writable(mfn, D0).unwrap();
        memory.put_writable(page, Stale::Flushed);
    }
    arena.pin(page, Level::L2, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes);
    finish(&arena, root);
}

#[test]
fn the_same_use_again_needs_no_flush() {
    let arena = Arena::new(16);
    let ([l4, ..], root) = loaded(&arena);
    let page = arena.allocate(D0);
    let flushes = arena.flush_count();
    for _ in 0..3 {
        update(&arena, l4, 0, Entry::map(page, RW)).unwrap();
        arena.touch(l4, 0, true, 0);
        update(&arena, l4, 0, Entry::NONE).unwrap();
    }
    assert_eq!(arena.flush_count(), flushes);
    finish(&arena, root);
}

#[test]
fn the_m2p_entry_of_a_frame_is_its_owners() {
    let arena = Arena::new(8);
    let memory = arena.memory();
    let page = arena.allocate(D0);
    assert_eq!(
        memory.update_m2p(page, Pfn::new(1), D1),
        Err(Error::NotOwned)
    );
    assert_eq!(memory.update_m2p(page, Pfn::new(1), D0), Ok(()));
    arena.audit(Held::default());
}

#[test]
fn the_last_reference_frees_the_frame() {
    let arena = Arena::new(8);
    let memory = arena.memory();
    let page = arena.allocate(D0);
    let held = memory.get_page(page, D0).unwrap();
    arena.relinquish(D0);
    assert_eq!(arena.lock_accounts()[&D0].total_pages(), 1);
    // Nobody gets what lingers as new memory, and nobody but its owner a reference.
    assert!(memory.get_page(page, D1).is_err());
    assert_eq!(arena.buddy.lock().unwrap().free_frames(), 6);
    memory.put_page(held);
    arena.audit_empty();
}

#[test]
fn every_present_entry_of_a_table_is_validated_once() {
    let arena = Arena::new(8);
    let [table, page]: [Mfn; 2] = arena.allocate_many(D0);
    for index in EntryIndex::all() {
        arena.swap_entry(table, index, Entry::map(page, RW | Flags::NO_EXECUTE));
    }
    arena.pin(table, Level::L1, D0).unwrap();
    assert_eq!(arena.usage(page), (Kind::Writable, 512));
    assert_eq!(arena.books(page).references(), 513);
    arena.unpin(table, D0).unwrap();
    assert_eq!(arena.usage(page), (Kind::Writable, 0));
    arena.audit(Held::default());
}

/// Writes an entry by its place, as `mmu_update` does: no address is known.
fn edit(arena: &Arena, table: Mfn, index: u16, new: Entry) {
    let memory = arena.memory();
    let table = memory.hold_any_table(table, D0).unwrap();
    let index = EntryIndex::new(index).unwrap();
    let mut unfinished = Unfinished::new();
    let outcome = if table.level() == Level::L1 {
        memory.update_l1_entry(&table, index, new, Keep::Nothing, D0, Reach::Anywhere)
    } else {
        memory.update_upper_entry(&table, index, new, Keep::Nothing, &mut unfinished)
    };
    outcome.unwrap();
    arena.put_table(table);
}

#[test]
fn the_same_use_again_forgets_no_translation() {
    let arena = Arena::new(16);
    let ([l4, _, _, l1], root) = loaded(&arena);
    let page = arena.allocate(D0);
    edit(&arena, l1, 0, Entry::map(page, RW));
    arena.touch(l4, 0, true, 0);
    edit(&arena, l1, 0, Entry::NONE);
    // The second mapping leaves nothing behind, but the first one did.
    edit(&arena, l1, 1, Entry::map(page, RW));
    update(&arena, l4, 0x1000, Entry::NONE).unwrap();
    let flushes = arena.flush_count();
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes + 1);
    finish(&arena, root);
}

#[test]
fn an_older_release_that_comes_later_forgets_no_translation() {
    let arena = Arena::new(16);
    let ([l4, _, l2, l1], root) = loaded(&arena);
    let [page, other]: [Mfn; 2] = arena.allocate_many(D0);
    arena.poke(other, 0, Entry::map(page, RW));
    arena.pin(other, Level::L1, D0).unwrap();
    edit(&arena, l2, 1, Entry::map(other, RW));
    edit(&arena, l2, 1, Entry::NONE);
    arena.flush();
    edit(&arena, l1, 0, Entry::map(page, RW));
    arena.touch(l4, 0, true, 0);
    edit(&arena, l1, 0, Entry::NONE);
    // The other table was last in use before the flush, and so was its mapping of the page.
    arena.unpin(other, D0).unwrap();
    let flushes = arena.flush_count();
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes + 1);
    finish(&arena, root);
}

#[test]
fn a_table_that_moves_to_another_slot_may_still_be_walked_by_the_old_one() {
    let arena = Arena::new(16);
    let (tables, root) = loaded(&arena);
    let l4 = tables[0];
    let [l3, l2, l1, page]: [Mfn; 4] = arena.allocate_many(D0);
    edit(&arena, l4, 1, Entry::map(l3, RW));
    // The CPU keeps the step to the level-3 table, though nothing hangs below it.
    arena.touch(l4, 1 << 39, true, 0);
    edit(&arena, l4, 1, Entry::NONE);
    edit(&arena, l4, 2, Entry::map(l3, RW));
    edit(&arena, l3, 0, Entry::map(l2, RW));
    edit(&arena, l2, 0, Entry::map(l1, RW));
    edit(&arena, l1, 0, Entry::map(page, RW));
    arena.touch(l4, 1 << 39, true, 0);
    assert_eq!(arena.tlb().leaves.len(), 1);
    let flushes = arena.flush_count();
    update(&arena, l4, 2 << 39, Entry::map(page, RO)).unwrap();
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes + 1);
    finish(&arena, root);
}

#[test]
fn a_compare_exchange_leaves_a_stamp_too() {
    for left in [RO, Flags::empty()] {
        let arena = Arena::new(16);
        let ([l4, _, _, l1], root) = loaded(&arena);
        let page = arena.allocate(D0);
        edit(&arena, l1, 0, Entry::map(page, RW));
        arena.touch(l4, 0, true, 0);
        let memory = arena.memory();
        let table = memory.hold_table(l1, Level::L1, D0).unwrap();
        let index = EntryIndex::FIRST;
        let old = arena.peek(l1, 0);
        let new = if left.is_empty() {
            Entry::NONE
        } else {
            old.without(Flags::WRITE)
        };
        assert_eq!(
            memory.compare_exchange_l1_entry(&table, index, old, new, D0),
            Ok(old)
        );
        arena.put_table(table);
        let flushes = arena.flush_count();
        arena.pin(page, Level::L1, D0).unwrap();
        assert_eq!(arena.flush_count(), flushes + 1, "{left:?}");
        finish(&arena, root);
    }
}

#[test]
fn a_full_counter_keeps_no_table_from_being_taken_down() {
    let arena = Arena::new(8);
    let table = arena.allocate(D0);
    arena.pin(table, Level::L1, D0).unwrap();
    arena.books(table).set_references_to_maximum();
    assert_eq!(
        arena.memory().get_page(table, D0).err(),
        Some(Error::Overflow)
    );
    assert_eq!(arena.unpin(table, D0), Ok(()));
    assert_eq!(arena.usage(table), (Kind::L1, 0));
    arena.relinquish(D0);
}
