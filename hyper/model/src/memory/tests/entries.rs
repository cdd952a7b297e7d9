//! Which entries and descriptors a guest may have, and what an update keeps.

use proptest::prelude::*;
use ringwall_abi::Mfn;

use super::arena::{Arena, D0, D1, DEVICE, RO, RW};
use super::audit::Held;
use crate::memory::policy::Change;
use crate::memory::{
    Entry, EntryIndex, Error, Flags, Flush, HYPERVISOR_SLOTS, Keep, L1tf, Level, Machine,
    NoExecute, Policy, Reach, Ring, Stale, Unfinished, check_descriptor,
};

const ORDINARY: Policy = Policy::new(40, NoExecute::Honoured, L1tf::Immune);
const PRESENT: Entry = Entry::new(1 | 0x12_3000);

impl Policy {
    fn entry(&self, entry: Entry, level: Level) -> Result<Entry, Error> {
        if level == Level::L1 {
            self.leaf(entry)
        } else {
            self.upper(entry)
        }
    }
}

/// The bits that may be set in a present entry, written down once more: by number.
fn is_allowed(bit: u32, level: Level) -> bool {
    match bit {
        0..=2 | 5 | 6 | 9..=39 | 52..=63 => true,
        3 | 4 | 7 => level == Level::L1,
        _ => false,
    }
}

#[test]
fn each_bit_of_a_present_entry_is_on_the_list_or_refused() {
    for level in [Level::L1, Level::L2, Level::L3, Level::L4] {
        for bit in 0..64 {
            let entry = Entry::new(PRESENT.raw() | 1 << bit);
            let outcome = ORDINARY.entry(entry, level);
            if is_allowed(bit, level) {
                assert_eq!(
                    outcome,
                    Ok(entry.with(Flags::USER)),
                    "bit {bit} of {level:?}"
                );
            } else {
                assert_eq!(outcome, Err(Error::BadFlags), "bit {bit} of {level:?}");
            }
        }
    }
}

#[test]
fn the_cpu_and_the_ring_layout_decide_about_no_execute_and_user() {
    let entry = PRESENT.with(Flags::NO_EXECUTE);
    let old_cpu = Policy::new(40, NoExecute::Cleared, L1tf::Immune);
    assert_eq!(old_cpu.leaf(entry), Ok(PRESENT.with(Flags::USER)));
    let ring_one = ORDINARY.for_supervisor_guests();
    assert_eq!(ring_one.leaf(entry), Ok(entry));
}

/// The bits that a change may touch without a check, written down once more.
const UNCHECKED_BITS: [u32; 16] = [5, 6, 9, 10, 11, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62];

#[test]
fn each_single_bit_is_unchecked_only_if_on_the_short_list() {
    for base in [
        PRESENT,
        PRESENT.with(Flags::WRITE),
        Entry::new(!0),
        Entry::NONE,
    ] {
        for bit in 0..64 {
            let other = Entry::new(base.raw() ^ 1 << bit);
            let expected = if !base.is_present() || bit == 0 {
                Change::Checked
            } else if UNCHECKED_BITS.contains(&bit) {
                Change::Unchecked
            } else if bit == 1 && base.is_writable() {
                Change::WriteDropped
            } else {
                Change::Checked
            };
            assert_eq!(
                Change::of_leaf(base, other),
                expected,
                "bit {bit} of {base:?}"
            );
            let upper = if expected == Change::WriteDropped {
                Change::Checked
            } else {
                expected
            };
            assert_eq!(
                Change::of_upper(base, other),
                upper,
                "bit {bit} of {base:?}"
            );
        }
    }
}

#[test]
fn l1tf_an_absent_entry_names_no_ram_on_a_cpu_that_leaks_it() {
    let leaky = Policy::new(
        40,
        NoExecute::Honoured,
        L1tf::LeaksBelow(Mfn::new(0x10_0000)),
    );
    let cases = [
        // Nothing, and a swap offset in the low bits.
        (0, true),
        (0xffe, true),
        // A frame in RAM.
        (0x12_3000, false),
        (0xffff_f000, false),
        // The first frame past RAM.
        (0x1_0000_0000, true),
        // `PROT_NONE` as Linux writes it: the frame inverted.
        (!0x12_3000 & Entry::FRAME_MASK | 0x100, true),
        // Address bits that the CPU has not: it drops them.
        (0x000f_ff00_0012_3000, false),
    ];
    for (raw, safe) in cases {
        let entry = Entry::new(raw);
        let expected = if safe { Ok(entry) } else { Err(Error::L1tf) };
        for level in [Level::L1, Level::L2, Level::L3, Level::L4] {
            assert_eq!(leaky.entry(entry, level), expected, "{raw:#x}");
            assert_eq!(ORDINARY.entry(entry, level), Ok(entry));
        }
    }
}

#[test]
fn the_hypervisors_slots_are_written_and_skipped() {
    let arena = Arena::new(8);
    let root = arena.allocate(D0);
    for slot in HYPERVISOR_SLOTS {
        // A guest's nonsense in them is overwritten, not refused.
        arena.poke(root, slot, Entry::new(!0));
    }
    arena.pin(root, Level::L4, D0).unwrap();
    let memory = arena.memory();
    let table = memory.hold_table(root, Level::L4, D0).unwrap();
    for slot in EntryIndex::all() {
        let mut unfinished = Unfinished::new();
        let outcome =
            memory.update_upper_entry(&table, slot, Entry::NONE, Keep::Nothing, &mut unfinished);
        let reserved = HYPERVISOR_SLOTS.contains(&slot.raw());
        let expected = if reserved {
            Err(Error::BadPlace)
        } else {
            Ok(Flush::Nothing)
        };
        assert_eq!(outcome, expected, "{slot:?}");
        assert_eq!(
            arena.peek(root, slot.raw()) != Entry::NONE,
            reserved,
            "{slot:?}"
        );
    }
    memory.let_go(table);
    arena.audit(Held::default());
}

#[test]
fn an_update_keeps_accessed_and_dirty_if_asked_to() {
    const BOTH: Flags = Flags::ACCESSED.union(Flags::DIRTY);
    let page = Mfn::new(3);
    let cases = [
        (
            Entry::map(page, RW | BOTH),
            Entry::map(page, RO),
            Entry::map(page, RO | BOTH),
        ),
        (
            Entry::map(page, RW),
            Entry::map(page, RW | BOTH),
            Entry::map(page, RW),
        ),
        (
            Entry::NONE,
            Entry::map(page, RW | BOTH),
            Entry::map(page, RW | BOTH),
        ),
        (Entry::map(page, RW | BOTH), Entry::NONE, Entry::NONE),
    ];
    for (old, new, kept) in cases {
        assert_eq!(Keep::AccessedDirty.apply(old, new), kept);
        assert_eq!(Keep::Nothing.apply(old, new), new);
    }
}

#[test]
fn the_answer_says_what_to_flush_from_the_old_entry() {
    let arena = Arena::new(8);
    let [_, _, l2, l1] = arena.hierarchy(D0);
    let page = arena.allocate(D0);
    let memory = arena.memory();
    let update = |table, new| {
        let table = memory.hold_any_table(table, D0).unwrap();
        let mut unfinished = Unfinished::new();
        let first = EntryIndex::FIRST;
        let outcome = if table.level() == Level::L1 {
            memory.update_l1_entry(&table, first, new, Keep::Nothing, D0, Reach::Anywhere)
        } else {
            memory.update_upper_entry(&table, first, new, Keep::Nothing, &mut unfinished)
        };
        memory.let_go(table);
        outcome.unwrap()
    };
    assert_eq!(update(l1, Entry::map(page, RW)), Flush::Nothing);
    assert_eq!(update(l1, Entry::map(page, RO)), Flush::Page);
    assert_eq!(update(l1, Entry::map(DEVICE, RW)), Flush::Page);
    assert_eq!(update(l1, Entry::NONE), Flush::Page);
    assert_eq!(update(l2, Entry::NONE), Flush::All);
    arena.audit(Held::default());
}

#[test]
fn a_compare_exchange_changes_nothing_if_the_entry_is_another() {
    let arena = Arena::new(8);
    let [_, _, l2, l1] = arena.hierarchy(D0);
    let page = arena.allocate(D0);
    let memory = arena.memory();
    let index = EntryIndex::FIRST;
    let table = memory.hold_table(l1, Level::L1, D0).unwrap();
    let mapped = Entry::map(page, RW).with(Flags::USER);
    let exchange = |old, new| memory.compare_exchange_l1_entry(&table, index, old, new, D0);
    assert_eq!(exchange(mapped, Entry::map(page, RO)), Ok(Entry::NONE));
    assert_eq!(exchange(Entry::NONE, mapped), Ok(Entry::NONE));
    assert_eq!(exchange(Entry::NONE, Entry::map(page, RO)), Ok(mapped));
    assert_eq!(exchange(mapped, mapped.with(Flags::DIRTY)), Ok(mapped));
    assert_eq!(exchange(mapped, Entry::new(0x81)), Err(Error::BadFlags));
    memory.let_go(table);
    let table = memory.hold_table(l2, Level::L2, D0).unwrap();
    let linked = arena.peek(l2, 0);
    let mut unfinished = Unfinished::new();
    let mut exchange =
        |old, new| memory.compare_exchange_upper_entry(&table, index, old, new, &mut unfinished);
    assert_eq!(exchange(Entry::NONE, Entry::NONE), Ok(linked));
    assert_eq!(exchange(Entry::NONE, linked), Ok(linked));
    assert_eq!(exchange(linked, Entry::NONE), Ok(linked));
    assert_eq!(arena.peek(l2, 0), Entry::NONE);
    memory.let_go(table);
    arena.audit(Held::default());
}

#[test]
fn validation_gives_each_present_entry_the_user_bit() {
    let arena = Arena::new(8);
    let [table, page]: [Mfn; 2] = arena.allocate_many(D0);
    arena.poke(table, 5, Entry::map(page, RW | Flags::ACCESSED));
    arena.poke(table, 6, Entry::new(0xabc0));
    arena.pin(table, Level::L1, D0).unwrap();
    assert_eq!(
        arena.peek(table, 5),
        Entry::map(page, RW | Flags::ACCESSED | Flags::USER)
    );
    assert_eq!(arena.peek(table, 6), Entry::new(0xabc0));
}

#[test]
fn descriptors_give_no_more_than_the_guest_has() {
    let cases = [
        // Nothing, and what is not present: whatever it says.
        (0, Ok(0)),
        (0x0000_0c00_0000_0000, Ok(0x0000_0c00_0000_0000)),
        // Linux's kernel code and data, at privilege 0: lowered, and accessed.
        (0x00af_9a00_0000_ffff, Ok(0x00af_fb00_0000_ffff)),
        (0x00cf_9200_0000_ffff, Ok(0x00cf_f300_0000_ffff)),
        // User code of 64 and 32 bits.
        (0x00af_fb00_0000_ffff, Ok(0x00af_fb00_0000_ffff)),
        (0x00cf_fa00_0000_ffff, Ok(0x00cf_fb00_0000_ffff)),
        // Call, interrupt and trap gate, LDT, TSS.
        (0x0000_ec00_e008_0000, Err(Error::BadDescriptor)),
        (0x0000_8e00_e008_0000, Err(Error::BadDescriptor)),
        (0x0000_ef00_e008_0000, Err(Error::BadDescriptor)),
        (0x0000_e200_0000_ffff, Err(Error::BadDescriptor)),
        (0x0000_8900_0000_0067, Err(Error::BadDescriptor)),
        // Conforming code; code of both sizes.
        (0x00af_9e00_0000_ffff, Err(Error::BadDescriptor)),
        (0x00ef_fa00_0000_ffff, Err(Error::BadDescriptor)),
    ];
    for (raw, expected) in cases {
        assert_eq!(check_descriptor(raw, Ring::Three), expected, "{raw:#x}");
    }
    assert_eq!(
        check_descriptor(0x00af_9a00_0000_ffff, Ring::One),
        Ok(0x00af_bb00_0000_ffff)
    );
}

proptest! {
    #[test]
    fn a_descriptor_that_passes_is_no_gate_and_of_no_higher_ring(raw: u64) {
        for (ring, lowest) in [(Ring::One, 1), (Ring::Three, 3)] {
            let Ok(checked) = check_descriptor(raw, ring) else { continue };
            prop_assert_eq!(check_descriptor(checked, ring), Ok(checked));
            if checked >> 47 & 1 != 0 {
                prop_assert_eq!(checked >> 44 & 1, 1);
                prop_assert!(checked >> 45 & 3 >= lowest);
                prop_assert_eq!(checked >> 40 & 1, 1);
                // Base, limit and size stay the guest's.
                prop_assert_eq!((checked ^ raw) & 0xffff_9eff_ffff_ffff, 0);
            }
        }
    }

    #[test]
    fn an_unchecked_change_keeps_frame_presence_and_rights(old: u64, flips: u64) {
        let new = Entry::new(old ^ flips);
        let old = Entry::new(old);
        let changed = old.raw() ^ new.raw();
        let listed = UNCHECKED_BITS.iter().fold(0, |mask, bit| mask | 1_u64 << bit);
        match Change::of_leaf(old, new) {
            Change::Unchecked => prop_assert!(old.is_present() && changed & !listed == 0),
            Change::WriteDropped => {
                prop_assert!(old.is_writable() && !new.is_writable() && new.is_present());
                prop_assert_eq!(changed & !listed, Flags::WRITE.bits());
            }
            Change::Checked => prop_assert!(!old.is_present() || changed & !listed != 0),
        }
    }

    #[test]
    fn what_the_policy_admits_has_no_other_bit(raw: u64) {
        for level in [Level::L1, Level::L2, Level::L3, Level::L4] {
            let Ok(entry) = ORDINARY.entry(Entry::new(raw), level) else { continue };
            prop_assert!(!entry.is_present() || entry.flags().contains(Flags::USER));
            for bit in (0..64).filter(|bit| entry.is_present() && entry.raw() >> bit & 1 != 0) {
                prop_assert!(is_allowed(bit, level), "bit {bit} of {level:?}");
            }
        }
    }
}

/// Writes a frame's first entry as `mmu_update` does: by the rules of its level, or as it is where it is no table.
fn write(
    arena: &Arena,
    table: Mfn,
    new: Entry,
    unfinished: &mut Unfinished,
) -> Result<Flush, Error> {
    let (memory, index, keep) = (arena.memory(), EntryIndex::FIRST, Keep::Nothing);
    let held = match memory.hold_any_table(table, D0) {
        Err(Error::TypeConflict | Error::BadLevel) => {
            let page = memory.get_writable(table, D0)?;
            arena.swap_entry(table, index, new);
            memory.put_writable(page, Stale::Flushed);
            return Ok(Flush::Nothing);
        }
        held => held?,
    };
    let outcome = match held.level() {
        Level::L1 => memory.update_l1_entry(&held, index, new, keep, D0, Reach::Anywhere),
        _ => memory.update_upper_entry(&held, index, new, keep, unfinished),
    };
    memory.let_go(held);
    outcome
}

#[test]
fn mmu_update_goes_by_what_the_frame_is() {
    let arena = Arena::new(16);
    let [_, _, l2, l1] = arena.hierarchy(D0);
    let [plain, page]: [Mfn; 2] = arena.allocate_many(D0);
    let theirs = arena.allocate(D1);
    let linked = arena.peek(l2, 0);
    let anything = Entry::new(0xffff_ffff_ffff_fff1);
    let mapped = Entry::map(page, RW);
    let cases = [
        (plain, anything, Ok(Flush::Nothing), anything),
        (l1, anything, Err(Error::BadFlags), Entry::NONE),
        (l1, mapped, Ok(Flush::Nothing), mapped.with(Flags::USER)),
        (l2, mapped, Err(Error::TypeConflict), linked),
        (l2, Entry::NONE, Ok(Flush::All), Entry::NONE),
        // No table any more.
        (l1, anything, Ok(Flush::Nothing), anything),
        (theirs, anything, Err(Error::NotOwned), Entry::NONE),
        (Mfn::new(99), anything, Err(Error::NotOwned), Entry::NONE),
    ];
    let mut unfinished = Unfinished::new();
    for (table, new, expected, left) in cases {
        let outcome = write(&arena, table, new, &mut unfinished);
        assert_eq!(outcome, expected, "{new:?} in {table:?}");
        if arena.all_frames().any(|(mfn, _)| mfn == table) {
            assert_eq!(arena.peek(table, 0), left, "{new:?} in {table:?}");
        }
        arena.audit(Held::default());
    }
}
