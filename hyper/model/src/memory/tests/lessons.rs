//! What went wrong before, in other hypervisors: each with the advisory that it is known by.

use ringwall_abi::{DomainId, GuestAddress, MachineAddress, Mfn};

use super::arena::{Arena, D0, D1, DEVICE, RO, RW};
use super::audit::Held;
use crate::memory::{
    Access, Entry, EntryAddress, EntryIndex, Error, Flags, Flush, Granted, Keep, Kind, Level,
    Machine, Reach, Sharing, Stale, Unfinished,
};

const FIRST: EntryIndex = EntryIndex::FIRST;

/// Writes an entry as `mmu_update` does.
fn update(arena: &Arena, table: Mfn, index: u16, new: Entry) -> Result<Flush, Error> {
    update_from(arena, table, index, new, D0)
}

fn update_from(
    arena: &Arena,
    table: Mfn,
    index: u16,
    new: Entry,
    source: DomainId,
) -> Result<Flush, Error> {
    let memory = arena.memory();
    let table = memory.hold_any_table(table, D0)?;
    let index = EntryIndex::new(index).unwrap();
    let mut unfinished = Unfinished::new();
    let outcome = match table.level() {
        Level::L1 => {
            memory.update_l1_entry(&table, index, new, Keep::Nothing, source, Reach::Anywhere)
        }
        Level::L2 | Level::L3 | Level::L4 => {
            memory.update_upper_entry(&table, index, new, Keep::Nothing, &mut unfinished)
        }
    };
    arena.finish(unfinished);
    arena.put_table(table);
    outcome
}

/// Loads a root, with everything that the TLB has of another gone.
fn load(arena: &Arena, root: Mfn) -> crate::memory::TypeReference<Level> {
    let root = arena
        .memory()
        .get_root(root, D0, &mut Unfinished::new())
        .unwrap();
    arena.flush();
    root
}

fn audit_with_root(arena: &Arena, root: Mfn) {
    let mut held = Held::default();
    held.add(root, 1, 1);
    arena.audit(held);
}

/// Ends a test: everything can be taken down.
fn end(arena: &Arena) {
    arena.audit(Held::default());
    for domain in [D0, D1] {
        arena.relinquish(domain);
    }
    arena.audit_empty();
}

#[test]
fn xsa_148_a_large_page_bit_is_refused_also_where_nothing_else_changes() {
    let arena = Arena::new(8);
    let [l4, l3, l2, l1] = arena.hierarchy(D0);
    for (table, target) in [(l4, l3), (l3, l2), (l2, l1)] {
        let present = arena.peek(table, 0);
        let large = present.with(Flags::SIZE_OR_ATTRIBUTE);
        assert_eq!(update(&arena, table, 0, large), Err(Error::BadFlags));
        assert_eq!(arena.peek(table, 0), present);
        assert_eq!(present.frame(), target);
    }
    end(&arena);
}

#[test]
fn xsa_182_the_right_to_write_is_never_gained_without_a_check() {
    let arena = Arena::new(8);
    let [_, _, _, l1] = arena.hierarchy(D0);
    update(&arena, l1, 0, Entry::map(l1, RO)).unwrap();
    assert_eq!(
        update(&arena, l1, 0, Entry::map(l1, RW)),
        Err(Error::TypeConflict)
    );
    for bit in [
        Flags::WRITE_THROUGH,
        Flags::CACHE_DISABLE,
        Flags::SIZE_OR_ATTRIBUTE,
    ] {
        assert_eq!(
            update(&arena, l1, 0, Entry::map(l1, RO | bit)),
            Err(Error::BadFlags)
        );
    }
    end(&arena);
}

#[test]
fn xsa_401_the_reference_is_held_before_the_flush_and_published_after_it() {
    let arena = Arena::new(8);
    let [l4, _, _, l1] = arena.hierarchy(D0);
    let page = arena.allocate(D0);
    update(&arena, l1, 0, Entry::map(page, RW)).unwrap();
    let root = load(&arena, l4);
    arena.touch(l4, 0, true, 0);
    update(&arena, l1, 0, Entry::map(page, RO)).unwrap();
    *arena.at_flush.lock().unwrap() = Some(|arena| {
        // The only idle frame that is about to become a table.
        let page = Mfn::new(arena.peek(Mfn::new(0), 0).raw());
        assert_eq!(
            arena.usage(page),
            (Kind::L1, 1),
            "the reference is held first"
        );
        let memory = arena.memory();
        assert_eq!(
            memory.hold_table(page, Level::L1, D0).err(),
            Some(Error::Preempted)
        );
        assert_eq!(
            memory.get_writable(page, D0).err(),
            Some(Error::TypeConflict)
        );
    });
    arena.poke(Mfn::new(0), 0, Entry::new(page.raw()));
    let flushes = arena.flush_count();
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes + 1);
    audit_with_root(&arena, l4);
    arena.flush();
    arena.put_table(root);
    end(&arena);
}

#[test]
fn xsa_408_whether_to_flush_depends_on_the_old_type() {
    let arena = Arena::new(8);
    let [l4, _, l2, l1] = arena.hierarchy(D0);
    let root = load(&arena, l4);
    let page = arena.allocate(D0);
    update(&arena, l1, 0, Entry::map(page, RW)).unwrap();
    arena.touch(l4, 0, true, 0);
    let flushes = arena.flush_count();
    update(&arena, l2, 0, Entry::NONE).unwrap();
    assert_eq!(
        arena.flush_count(),
        flushes,
        "nothing is flushed before it matters"
    );
    // A walk may still go through it, so what was a table may not be written unflushed.
    let writable = arena.memory().get_writable(l1, D0).unwrap();
    assert_eq!(arena.flush_count(), flushes + 1);
    arena.memory().put_writable(writable, Stale::Flushed);
    audit_with_root(&arena, l4);
    arena.flush();
    arena.put_table(root);
    end(&arena);
}

#[test]
fn xsa_299_an_interrupted_operation_neither_loses_nor_doubles_references() {
    let mut rounds = 0;
    for pattern in [!0, 0x5555_5555_5555_5555, 0x0001_0010_0100_1001] {
        let arena = Arena::new(16);
        let [l4, _, _, l1] = arena.hierarchy(D0);
        let page = arena.allocate(D0);
        for index in [0, 1, 2, 3, 4, 63, 64, 65, 300, 301, 302, 510, 511] {
            update(&arena, l1, index, Entry::map(page, RW)).unwrap();
        }
        arena.set_preempt(pattern);
        for _ in 0..3 {
            let mut unfinished = Unfinished::new();
            arena.memory().unpin(l4, D0, &mut unfinished).unwrap();
            while arena.memory().finish(&mut unfinished) == Err(Error::Preempted) {
                arena.audit(Held::default());
                rounds += 1;
            }
            while arena.memory().pin(l4, Level::L4, D0, &mut unfinished) == Err(Error::Preempted) {
                arena.audit(Held::default());
                rounds += 1;
            }
            arena.audit(Held::default());
        }
        end(&arena);
    }
    assert!(rounds > 50, "{rounds}");
}

#[test]
fn xsa_310_a_half_done_table_can_be_used_by_nobody_and_turned_back() {
    let arena = Arena::new(16);
    let [l4, l3, _, l1] = arena.hierarchy(D0);
    for index in 0..9 {
        update(&arena, l1, index, Entry::map(l1, RO)).unwrap();
    }
    arena.set_preempt(!0);
    let mut unfinished = Unfinished::new();
    let half_unpin = |unfinished: &mut Unfinished| {
        assert_eq!(arena.memory().unpin(l4, D0, unfinished), Ok(()));
        assert!(!unfinished.is_empty());
    };
    half_unpin(&mut unfinished);
    assert_eq!(
        arena.memory().hold_table(l4, Level::L4, D0).err(),
        Some(Error::TypeConflict)
    );
    assert_eq!(
        arena.memory().get_writable(l4, D0).err(),
        Some(Error::TypeConflict)
    );
    assert_eq!(arena.memory().steal(l4, D0).err(), Some(Error::InUse));
    assert_eq!(
        update(&arena, l4, 5, Entry::map(l3, RW)).err(),
        Some(Error::TypeConflict)
    );
    // Whom it is refused as another table does not take down what it is half way to.
    let mut theirs = Unfinished::new();
    let outcome = arena.memory().pin(l4, Level::L3, D0, &mut theirs);
    assert_eq!(outcome, Err(Error::TypeConflict));
    assert!(theirs.is_empty());
    // The guest pins it again, from another virtual CPU: what is left is kept, and the pin is not taken
    // for the one that went.
    arena.pin(l4, Level::L4, D0).unwrap();
    arena.audit(Held::default());
    arena.finish(unfinished);
    arena.audit(Held::default());
    assert_eq!(arena.pin(l4, Level::L4, D0), Err(Error::Pinned));
    // And the domain may end at any such moment.
    half_unpin(&mut Unfinished::new());
    end(&arena);
}

#[test]
fn xsa_45_the_way_back_from_an_error_can_be_interrupted_and_keeps_the_books() {
    let arena = Arena::new(16);
    let tables: [Mfn; 5] = arena.allocate_many(D0);
    let [l4, l3, l2, good, bad] = tables;
    let page = arena.allocate(D0);
    arena.poke(l4, 0, Entry::map(l3, RW));
    arena.poke(l4, 511, Entry::map(l3, RW));
    arena.poke(l3, 7, Entry::map(l2, RW));
    arena.poke(l2, 0, Entry::map(good, RW));
    arena.poke(l2, 9, Entry::map(bad, RW));
    for index in (0..400).step_by(9) {
        arena.poke(good, index, Entry::map(page, RW));
        arena.poke(bad, index, Entry::map(page, RW));
    }
    arena.poke(bad, 400, Entry::map(page, RW | Flags::GLOBAL));
    arena.set_preempt(!0);
    let mut unfinished = Unfinished::new();
    let outcome = loop {
        match arena.memory().pin(l4, Level::L4, D0, &mut unfinished) {
            Err(Error::Preempted) => arena.audit(Held::default()),
            outcome => break outcome,
        }
    };
    assert_eq!(
        outcome,
        Err(Error::BadFlags),
        "the guest gets its answer at once"
    );
    assert!(
        !unfinished.is_empty(),
        "and what is left to do is remembered"
    );
    arena.audit(Held::default());
    while arena.memory().finish(&mut unfinished).is_err() {
        arena.audit(Held::default());
    }
    for table in tables {
        assert_eq!(arena.usage(table).1, 0);
    }
    end(&arena);
}

#[test]
fn xsa_264_work_between_two_looks_at_the_clock_is_bounded() {
    let arena = Arena::new(16);
    let [l4, l3, l2, l1]: [Mfn; 4] = arena.allocate_many(D0);
    let page = arena.allocate(D0);
    for index in EntryIndex::all().filter(|index| !Level::L4.is_reserved(*index)) {
        for (table, target) in [(l4, l3), (l3, l2), (l2, l1), (l1, page)] {
            arena.poke(table, index.raw(), Entry::map(target, RO));
        }
    }
    arena.reset_stretch();
    arena.pin(l4, Level::L4, D0).unwrap();
    arena.unpin(l4, D0).unwrap();
    // At most a table without an entry at each level, and one step of each.
    assert!(
        arena.longest_stretch() <= 4 * 512,
        "{}",
        arena.longest_stretch()
    );
    end(&arena);
}

#[test]
fn xsa_240_a_table_can_not_point_to_its_own_level() {
    let arena = Arena::new(16);
    let [l4, l3, l2, _] = arena.hierarchy(D0);
    let other: [Mfn; 4] = arena.hierarchy(D0);
    for (table, target) in [(l4, l4), (l3, l3), (l2, l2), (l4, other[0]), (l3, other[1])] {
        assert_eq!(
            update(&arena, table, 3, Entry::map(target, RO)),
            Err(Error::TypeConflict)
        );
    }
    let fresh = arena.allocate(D0);
    arena.poke(fresh, 0, Entry::map(fresh, RO));
    for level in [Level::L2, Level::L3, Level::L4] {
        assert!(arena.pin(fresh, level, D0).is_err());
    }
    end(&arena);
}

#[test]
fn xsa_242_whoever_drops_the_last_reference_takes_the_table_down() {
    let arena = Arena::new(16);
    let [l4, l3, ..] = arena.hierarchy(D0);
    let table = arena.memory().hold_table(l4, Level::L4, D0).unwrap();
    arena.unpin(l4, D0).unwrap();
    assert_eq!(arena.usage(l3), (Kind::L3, 1));
    arena.memory().let_go(table);
    assert_eq!(arena.usage(l3).1, 0);
    end(&arena);
}

#[test]
fn xsa_286_a_change_of_an_upper_entry_is_remembered_until_the_flush() {
    let arena = Arena::new(16);
    let [l4, l3, l2, l1] = arena.hierarchy(D0);
    let root = load(&arena, l4);
    let page = arena.allocate(D0);
    update(&arena, l1, 0, Entry::map(page, RW)).unwrap();
    arena.touch(l4, 0, true, 0);
    update(&arena, l3, 0, Entry::NONE).unwrap();
    for mfn in [l2, l1, page] {
        let flushes = arena.flush_count();
        arena.poke(mfn, 0, Entry::NONE);
        // The first of them flushes for all.
        let other = if mfn == l2 { Level::L1 } else { Level::L2 };
        arena.pin(mfn, other, D0).unwrap();
        assert_eq!(arena.flush_count(), flushes + u64::from(mfn == l2));
    }
    audit_with_root(&arena, l4);
    arena.flush();
    arena.put_table(root);
    end(&arena);
}

#[test]
fn xsa_279_an_update_that_fails_touches_no_tlb() {
    let arena = Arena::new(16);
    let [l4, _, _, l1] = arena.hierarchy(D0);
    let root = load(&arena, l4);
    update(&arena, l1, 0, Entry::map(arena.allocate(D0), RW)).unwrap();
    arena.touch(l4, 0, true, 0);
    let flushes = arena.flush_count();
    let cases = [
        (0, Entry::map(l1, RW), Error::TypeConflict),
        (0, Entry::new(0x81), Error::BadFlags),
        (0xffff_8000_0000_0000, Entry::NONE, Error::BadPlace),
        (0x8000_0000_0000, Entry::NONE, Error::BadPlace),
        (0x1234_0000_0000_0000, Entry::NONE, Error::BadPlace),
        (0x4000_0000, Entry::NONE, Error::NotMapped),
    ];
    for (address, new, expected) in cases {
        let address = GuestAddress::new(address);
        let outcome = arena.memory().update_address(l4, address, new, D0, D0);
        assert_eq!(outcome, Err(expected), "{address:?} {new:?}");
    }
    assert_eq!(
        (arena.flush_count(), arena.tlb().leaves.len()),
        (flushes, 1)
    );
    arena.flush();
    arena.put_table(root);
    end(&arena);
}

#[test]
fn xsa_241_a_release_never_keeps_a_time_from_before_another_one() {
    let arena = Arena::new(8);
    let page = arena.allocate(D0);
    assert_eq!(page, Mfn::new(7));
    let held = arena.memory().get_writable(page, D0).unwrap();
    // Another CPU flushes, maps the frame and unmaps it, between our look at the clock and our
    // step.
    *arena.after_clock.lock().unwrap() = Some(|arena| {
        arena.flush();
        let other = arena.memory().get_writable(Mfn::new(7), D0).unwrap();
        arena.memory().put_writable(other, Stale::Now);
    });
    arena.memory().put_writable(held, Stale::Now);
    let flushes = arena.flush_count();
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(
        arena.flush_count(),
        flushes + 1,
        "the other CPU's mapping is not flushed yet"
    );
    end(&arena);
}

#[test]
fn xsa_214_a_new_owner_gets_no_old_type() {
    let arena = Arena::new(4);
    let [a, b]: [Mfn; 2] = arena.allocate_many(D0);
    arena.pin(a, Level::L1, D0).unwrap();
    arena.unpin(a, D0).unwrap();
    assert_eq!(arena.usage(a).0, Kind::L1);
    arena.reclaim(arena.memory().steal(a, D0).unwrap());
    arena.reclaim(arena.memory().steal(b, D0).unwrap());
    let new: [Mfn; 2] = arena.allocate_many(D1);
    assert!(new.contains(&a));
    assert_eq!(arena.usage(a), (Kind::None, 0));
    end(&arena);
}

#[test]
fn xsa_252_a_frame_with_a_pin_or_any_reference_can_not_be_given_back() {
    let arena = Arena::new(8);
    let page = arena.allocate(D0);
    arena.pin(page, Level::L1, D0).unwrap();
    assert_eq!(arena.memory().steal(page, D0), Err(Error::InUse));
    assert!(
        arena.books(page).is_pinned(),
        "the pin is the guest's to drop"
    );
    arena.unpin(page, D0).unwrap();
    let held = arena.memory().get_page(page, D0).unwrap();
    assert_eq!(arena.memory().steal(page, D0), Err(Error::InUse));
    arena.memory().put_page(held);
    assert_eq!(arena.memory().steal(page, D1), Err(Error::NotOwned));
    arena.reclaim(arena.memory().steal(page, D0).unwrap());
    assert_eq!(arena.memory().steal(page, D0), Err(Error::NotOwned));
    end(&arena);
}

#[test]
fn xsa_248_no_guest_reaches_a_frame_of_the_hypervisor() {
    let arena = Arena::new(8);
    let block = arena.buddy.lock().unwrap().allocate(&arena, 0, 64).unwrap();
    let private = arena.memory().keep_private(block);
    let free = Mfn::new(1);
    for owner in (0..=u16::MAX).map(DomainId::new) {
        for mfn in [Mfn::new(0), private, free] {
            assert!(
                arena.memory().get_page(mfn, owner).is_err(),
                "{mfn:?} {owner}"
            );
        }
    }
    let block = arena.memory().take_back(private, 0).unwrap();
    let clean = arena.memory().clean(block);
    let shared = arena.memory().share(clean, D0, Sharing::Writable).unwrap();
    let mfn = shared.mfn();
    assert_eq!(arena.pin(mfn, Level::L1, D0), Err(Error::TypeConflict));
    assert_eq!(arena.memory().steal(mfn, D0), Err(Error::NotOwned));
    // The guest may map it, and keep that past the end of the sharing.
    let mapped = arena.memory().get_writable(mfn, D0).unwrap();
    arena.memory().unshare(shared);
    assert_eq!(arena.books(mfn).references(), 1);
    arena.memory().put_writable(mapped, Stale::Now);
    end(&arena);
}

#[test]
fn xsa_248_what_is_shared_for_reading_is_never_writable() {
    let arena = Arena::new(8);
    let block = arena.buddy.lock().unwrap().allocate(&arena, 0, 64).unwrap();
    let clean = arena.memory().clean(block);
    let shared = arena.memory().share(clean, D0, Sharing::ReadOnly).unwrap();
    let mfn = shared.mfn();
    assert_eq!(
        arena.memory().get_writable(mfn, D0).err(),
        Some(Error::TypeConflict)
    );
    let read = arena.memory().get_page(mfn, D0).unwrap();
    arena.memory().put_page(read);
    arena.memory().unshare(shared);
    end(&arena);
}

#[test]
fn xsa_113_an_update_for_another_domain_that_fails_leaks_nothing() {
    let arena = Arena::new(16);
    let [_, _, l2, l1] = arena.hierarchy(D0);
    let theirs = arena.allocate(D1);
    update_from(&arena, l1, 0, Entry::map(theirs, RW), D1).unwrap();
    assert_eq!(
        update(&arena, l1, 1, Entry::map(theirs, RW)),
        Err(Error::NotOwned)
    );
    assert_eq!(
        update_from(&arena, l1, 1, Entry::map(l1, RO), D1),
        Err(Error::NotOwned)
    );
    // Tables come from one domain only.
    assert_eq!(
        update_from(&arena, l2, 1, Entry::map(theirs, RW), D1),
        Err(Error::NotOwned)
    );
    arena.audit(Held::default());
    // What is mapped lingers until it is let go.
    arena.relinquish(D1);
    assert_eq!(arena.lock_accounts()[&D1].total_pages(), 1);
    update(&arena, l1, 0, Entry::NONE).unwrap();
    assert_eq!(arena.lock_accounts()[&D1].total_pages(), 0);
    end(&arena);
}

#[test]
fn xsa_438_a_root_stays_a_table_while_it_is_loaded() {
    let arena = Arena::new(16);
    let [l4, _, _, l1] = arena.hierarchy(D0);
    let root = load(&arena, l4);
    arena.unpin(l4, D0).unwrap();
    assert_eq!(arena.usage(l4), (Kind::L4, 1));
    assert_eq!(
        arena.memory().get_writable(l1, D0).err(),
        Some(Error::TypeConflict)
    );
    assert_eq!(arena.memory().steal(l4, D0), Err(Error::InUse));
    arena.flush();
    arena.memory().release_root(root, &mut Unfinished::new());
    assert_eq!(arena.usage(l4).1, 0);
    end(&arena);
}

#[test]
fn xsa_31_a_huge_order_is_refused() {
    let arena = Arena::new(8);
    for order in [19, 20, 52, 63, 64, u16::MAX] {
        let outcome = arena.buddy.lock().unwrap().allocate(&arena, order, 64);
        assert_eq!(outcome, Err(Error::NoMemory));
        assert_eq!(
            arena.memory().take_back(Mfn::new(1), order),
            Err(Error::NoMemory)
        );
    }
}

#[test]
fn xsa_159_a_dying_domain_gets_no_memory_and_its_end_can_be_repeated() {
    let arena = Arena::new(16);
    arena.hierarchy(D0);
    arena.accounts(D0, crate::memory::DomainMemory::set_dying);
    assert_eq!(arena.try_allocate(D0), Err(Error::Dying));
    arena.set_preempt(!0);
    while arena.memory().relinquish(D0) == Err(Error::Preempted) {
        arena.audit(Held::default());
    }
    assert_eq!(arena.memory().relinquish(D0), Ok(()));
    arena.audit_empty();
}

#[test]
fn xsa_100_every_frame_is_zeroed_between_owners() {
    let arena = Arena::new(4);
    // `allocate` checks the contents: from the firmware, from a guest, from the hypervisor.
    let pages: [Mfn; 3] = arena.allocate_many(D0);
    for page in pages {
        arena.poke(page, 77, Entry::new(0x5ec2e7));
        arena.reclaim(arena.memory().steal(page, D0).unwrap());
    }
    let pages: [Mfn; 3] = arena.allocate_many(D1);
    for page in pages {
        arena.reclaim(arena.memory().steal(page, D1).unwrap());
    }
    let block = arena.buddy.lock().unwrap().allocate(&arena, 0, 64).unwrap();
    let private = arena.memory().keep_private(block);
    arena.poke(private, 1, Entry::new(0x5ec2e7));
    arena.reclaim(arena.memory().take_back(private, 0).unwrap());
    let _: [Mfn; 3] = arena.allocate_many(D0);
    end(&arena);
}

#[test]
fn nobody_writes_to_a_frame_of_the_hypervisors_through_an_old_translation() {
    let arena = Arena::new(8);
    let [l4, _, _, l1] = arena.hierarchy(D0);
    let root = load(&arena, l4);
    let page = arena.allocate(D0);
    update(&arena, l1, 0, Entry::map(page, RW)).unwrap();
    arena.touch(l4, 0, true, 0);
    update(&arena, l1, 0, Entry::NONE).unwrap();
    arena.reclaim(arena.memory().steal(page, D0).unwrap());
    assert_eq!(arena.tlb().leaves.len(), 1);
    let mut blocks = Vec::new();
    while let Ok(block) = arena.buddy.lock().unwrap().allocate(&arena, 0, 64) {
        blocks.push(block);
    }
    let frames: Vec<_> = blocks
        .into_iter()
        .map(|block| arena.memory().keep_private(block))
        .collect();
    assert!(frames.contains(&page));
    assert_eq!(arena.tlb().leaves, []);
    for frame in frames {
        arena.reclaim(arena.memory().take_back(frame, 0).unwrap());
    }
    arena.put_table(root);
    end(&arena);
}

#[test]
fn xsa_100_nobody_reads_a_frame_of_a_new_owner_through_an_old_translation() {
    let arena = Arena::new(8);
    let [l4, _, _, l1] = arena.hierarchy(D0);
    let root = load(&arena, l4);
    let page = arena.allocate(D0);
    update(&arena, l1, 0, Entry::map(page, RO)).unwrap();
    arena.touch(l4, 0, false, 0);
    update(&arena, l1, 0, Entry::NONE).unwrap();
    arena.reclaim(arena.memory().steal(page, D0).unwrap());
    assert_eq!(arena.tlb().leaves.len(), 1);
    // `allocate` checks the TLB.
    let _: [Mfn; 2] = arena.allocate_many(D1);
    arena.flush();
    arena.put_table(root);
    end(&arena);
}

#[test]
fn xsa_402_ram_is_mapped_write_back_only() {
    let arena = Arena::new(8);
    let [_, _, _, l1] = arena.hierarchy(D0);
    let page = arena.allocate(D0);
    for bits in [
        Flags::WRITE_THROUGH,
        Flags::CACHE_DISABLE,
        Flags::MEMORY_TYPE,
    ] {
        assert_eq!(
            update(&arena, l1, 0, Entry::map(page, RW | bits)),
            Err(Error::BadFlags)
        );
        assert_eq!(
            update(&arena, l1, 0, Entry::map(DEVICE, RW | bits)),
            Ok(Flush::Nothing)
        );
        assert_eq!(update(&arena, l1, 0, Entry::NONE), Ok(Flush::Page));
    }
    let elsewhere = Entry::map(Mfn::new(0xf_0000), RW);
    assert_eq!(update(&arena, l1, 0, elsewhere), Err(Error::DeviceRefused));
    end(&arena);
}

#[test]
fn xsa_227_the_address_of_an_entry_is_a_multiple_of_eight() {
    for offset in 0..4096 {
        let outcome = EntryAddress::try_from(MachineAddress::new(0x1234_5000 + offset));
        let expected = if offset % 8 == 0 {
            let index = EntryIndex::new(u16::try_from(offset / 8).unwrap()).unwrap();
            Ok(EntryAddress {
                table: Mfn::new(0x12345),
                index,
            })
        } else {
            Err(Error::BadPlace)
        };
        assert_eq!(outcome, expected, "{offset:#x}");
    }
}

#[test]
fn xsa_234_a_grant_is_unmapped_only_if_frame_presence_and_right_are_the_same() {
    let arena = Arena::new(16);
    let [_, _, _, l1] = arena.hierarchy(D0);
    let [theirs, other]: [Mfn; 2] = arena.allocate_many(D1);
    let memory = arena.memory();
    let table = memory.hold_table(l1, Level::L1, D0).unwrap();
    let granted = Granted::Writable(memory.get_writable(theirs, D1).unwrap());
    let flags = Flags::ACCESSED;
    memory
        .install_grant_entry(&table, FIRST, granted, flags, Reach::Anywhere)
        .unwrap();
    let remove = |mfn, access| {
        memory.remove_grant_entry(&table, FIRST, (mfn, access), Entry::NONE, Reach::Anywhere)
    };
    assert_eq!(remove(other, Access::Write).err(), Some(Error::Mismatch));
    assert_eq!(remove(theirs, Access::Read).err(), Some(Error::Mismatch));
    let (granted, stale) = remove(theirs, Access::Write).unwrap();
    assert_eq!(granted.mfn(), theirs);
    memory.put_granted(granted, stale);
    // XSA-224: a second time there is nothing to drop.
    assert_eq!(remove(theirs, Access::Write).err(), Some(Error::Mismatch));
    arena.poke(l1, 1, Entry::NONE);
    memory.let_go(table);
    // Not present, though it names the frame.
    let absent = Entry::map(theirs, Flags::WRITE);
    update(&arena, l1, 0, absent).unwrap();
    let table = memory.hold_table(l1, Level::L1, D0).unwrap();
    let outcome = memory.remove_grant_entry(
        &table,
        FIRST,
        (theirs, Access::Read),
        Entry::NONE,
        Reach::Anywhere,
    );
    assert_eq!(outcome.err(), Some(Error::Mismatch));
    memory.let_go(table);
    end(&arena);
}

#[test]
fn xsa_224_a_guest_that_overwrites_a_grant_mapping_drops_its_reference_once() {
    let arena = Arena::new(16);
    let [_, _, _, l1] = arena.hierarchy(D0);
    let theirs = arena.allocate(D1);
    let memory = arena.memory();
    let table = memory.hold_table(l1, Level::L1, D0).unwrap();
    let granted = Granted::ReadOnly(memory.get_page(theirs, D1).unwrap());
    memory
        .install_grant_entry(&table, FIRST, granted, Flags::empty(), Reach::Anywhere)
        .unwrap();
    // The right to write was not granted, and the frame is not the guest's own.
    let wanted = Entry::map(theirs, RW);
    assert_eq!(update(&arena, l1, 0, wanted), Err(Error::NotOwned));
    update(&arena, l1, 0, Entry::NONE).unwrap();
    let outcome = memory.remove_grant_entry(
        &table,
        FIRST,
        (theirs, Access::Read),
        Entry::NONE,
        Reach::Anywhere,
    );
    assert_eq!(outcome.err(), Some(Error::Mismatch));
    assert_eq!(arena.books(theirs).references(), 1);
    memory.let_go(table);
    end(&arena);
}

#[test]
fn xsa_218_pins_and_mappings_go_before_the_frames_that_they_refer_to() {
    let arena = Arena::new(16);
    let [l4, _, _, l1] = arena.hierarchy(D0);
    let page = arena.allocate(D0);
    update(&arena, l1, 0, Entry::map(page, RW)).unwrap();
    arena.set_preempt(!0);
    let mut seen_unpinned = false;
    while arena.memory().relinquish(D0) == Err(Error::Preempted) {
        let references = arena.books(page).references();
        if arena.books(l4).is_pinned() {
            assert_eq!(references, 2);
        } else {
            seen_unpinned = true;
        }
        arena.audit(Held::default());
    }
    assert!(seen_unpinned);
    arena.audit_empty();
}

#[test]
fn xsa_251_wild_numbers_from_a_guest_are_errors() {
    let arena = Arena::new(8);
    let [_, _, _, l1] = arena.hierarchy(D0);
    let memory = arena.memory();
    for raw in [
        0,
        8,
        9,
        u64::from(u32::MAX),
        1 << 40,
        (1 << 52) - 1,
        u64::MAX,
    ] {
        let mfn = Mfn::new(raw);
        assert!(memory.get_page(mfn, D0).is_err());
        assert!(memory.get_writable(mfn, D0).is_err());
        assert!(memory.hold_any_table(mfn, D0).is_err());
        assert!(memory.steal(mfn, D0).is_err());
        assert!(arena.unpin(mfn, D0).is_err());
        assert!(memory.take_back(mfn, 0).is_err());
        for level in [Level::L1, Level::L2, Level::L3, Level::L4] {
            assert!(arena.pin(mfn, level, D0).is_err());
        }
        for level in 0..64 {
            let entry = Entry::new(raw ^ 1 << level);
            let _ = update(&arena, l1, 0, entry);
            arena.audit(Held::default());
        }
    }
    end(&arena);
}
