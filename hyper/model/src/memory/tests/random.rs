//! Random sequences of operations, with a hostile guest and interruptions everywhere.

use proptest::prelude::*;
use proptest::sample::select;
use ringwall_abi::{GuestAddress, Mfn};

use super::arena::{Arena, D0, D1, DEVICE, RO, RW};
use super::audit::Held;
use crate::memory::{
    Access, Descriptor, Entry, EntryIndex, Error, Flags, Granted, Keep, Level, Machine,
    PageReference, Reach, Ring, Stale, TypeReference, Unfinished, Writable,
};

const FRAMES: u64 = 20;

/// The tables of the first tree, from the root down, and of the second: the allocator goes from
/// high to low.
const TREES: [u64; 8] = [19, 18, 17, 16, 15, 14, 13, 12];

/// What is plain memory at first: of domain 0 where odd, of domain 1 where even.
const PLAIN: std::ops::Range<u64> = 2..12;

/// Places that are next to something: edges, steps of a preemptible walk, the hypervisor's slots.
const INDICES: [u16; 9] = [0, 1, 63, 64, 255, 256, 271, 272, 511];

#[derive(Clone, Debug)]
enum Operation {
    /// The guest writes into a frame that it can make writable.
    Write(Mfn, u16, Entry),
    Pin(Mfn, Level),
    Unpin(Mfn),
    Update(Mfn, u16, Entry, Keep),
    CompareExchange(Mfn, u16, Entry),
    UpdateAddress(u64, Entry),
    LoadRoot(Mfn),
    Touch(u64, bool, usize),
    GetPage(Mfn),
    PutPage,
    GetWritable(Mfn),
    PutWritable,
    Descriptors(Mfn),
    PutDescriptors,
    MapForeign(Mfn, u16, Mfn, bool),
    UnmapForeign(Mfn, u16, bool),
    Steal(Mfn),
    Allocate,
    Preempt(u64),
    Flush,
}

fn frame() -> impl Strategy<Value = Mfn> {
    prop_oneof![4 => PLAIN, 3 => select(&TREES[..]), 1 => 0..FRAMES + 1].prop_map(Mfn::new)
}

/// Mostly a table.
fn table() -> impl Strategy<Value = Mfn> {
    prop_oneof![2 => select(&[16, 12][..]), 3 => select(&TREES[..]), 1 => PLAIN].prop_map(Mfn::new)
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![2 => Just(Level::L1), 1 => select(vec![Level::L2, Level::L3, Level::L4])]
}

fn index() -> impl Strategy<Value = u16> {
    prop_oneof![4 => Just(0), 2 => Just(1), 1 => select(&INDICES[..])]
}

fn entry() -> impl Strategy<Value = Entry> {
    let flags = prop_oneof![
        6 => Just(RW),
        4 => Just(RO),
        2 => Just(RW | Flags::ACCESSED | Flags::DIRTY | Flags::USER),
        1 => Just(RO | Flags::NO_EXECUTE),
        1 => Just(RW | Flags::SIZE_OR_ATTRIBUTE),
        1 => Just(RW | Flags::CACHE_DISABLE),
        1 => Just(RW | Flags::GLOBAL),
        3 => Just(Flags::empty()),
    ];
    prop_oneof![
        20 => (frame(), flags).prop_map(|(mfn, flags)| Entry::map(mfn, flags)),
        2 => Just(Entry::NONE),
        1 => any::<u64>().prop_map(Entry::new),
        1 => Just(Entry::map(DEVICE, RW | Flags::CACHE_DISABLE)),
    ]
}

fn address() -> impl Strategy<Value = u64> {
    let place = || prop_oneof![9 => Just(0_u64), 2 => Just(1)];
    let slot = prop_oneof![3 => Just(0_u64), 1 => Just(272)];
    (slot, place(), place(), place()).prop_map(|(l4, l3, l2, l1)| {
        let raw = l4 << 39 | l3 << 30 | l2 << 21 | l1 << 12;
        ((raw << 16) as i64 >> 16) as u64
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation as O;
    let keep = select(vec![Keep::Nothing, Keep::AccessedDirty]);
    prop_oneof![
        8 => (frame(), index(), entry()).prop_map(|(a, b, c)| O::Write(a, b, c)),
        5 => (frame(), level()).prop_map(|(a, b)| O::Pin(a, b)),
        3 => frame().prop_map(O::Unpin),
        16 => (table(), index(), entry(), keep).prop_map(|(a, b, c, d)| O::Update(a, b, c, d)),
        3 => (table(), index(), entry()).prop_map(|(a, b, c)| O::CompareExchange(a, b, c)),
        8 => (address(), entry()).prop_map(|(a, b)| O::UpdateAddress(a, b)),
        1 => select(&[19, 15, 19, 15, 3][..]).prop_map(|raw| O::LoadRoot(Mfn::new(raw))),
        20 => (address(), any::<bool>(), 0..4_usize).prop_map(|(a, b, c)| O::Touch(a, b, c)),
        1 => frame().prop_map(O::GetPage),
        1 => Just(O::PutPage),
        1 => frame().prop_map(O::GetWritable),
        1 => Just(O::PutWritable),
        1 => frame().prop_map(O::Descriptors),
        1 => Just(O::PutDescriptors),
        1 => (table(), index(), frame(), any::<bool>())
            .prop_map(|(a, b, c, d)| O::MapForeign(a, b, c, d)),
        1 => (table(), index(), any::<bool>()).prop_map(|(a, b, c)| O::UnmapForeign(a, b, c)),
        2 => frame().prop_map(O::Steal),
        2 => Just(O::Allocate),
        1 => select(vec![0, 0, !0, 0x5555_5555_5555_5555, 0x1111_0000_0101_0001])
            .prop_map(O::Preempt),
        1 => Just(O::Flush),
    ]
}

/// A domain's one virtual CPU, and what it and the toolstack hold.
struct World {
    arena: Arena,
    root: TypeReference<Level>,
    unfinished: Unfinished,
    pages: Vec<PageReference>,
    writables: Vec<TypeReference<Writable>>,
    descriptors: Vec<TypeReference<Descriptor>>,
}

impl World {
    /// Two trees that share their lower half; half of the rest is plain memory of domain 0, the
    /// other half of domain 1.
    fn new() -> Self {
        let arena = Arena::new(usize::try_from(FRAMES).unwrap());
        let first = arena.hierarchy(D0);
        let second = arena.hierarchy(D0);
        let memory = arena.memory();
        let mut unfinished = Unfinished::new();
        let edits = [
            (first[0], 272, first[1], Level::L4),
            (second[0], 272, first[1], Level::L4),
            (first[1], 1, second[2], Level::L3),
        ];
        for (table, index, target, level) in edits {
            let table = memory.hold_table(table, level, D0).unwrap();
            let index = EntryIndex::new(index).unwrap();
            let entry = Entry::map(target, RW);
            memory
                .update_upper_entry(&table, index, entry, Keep::Nothing, &mut unfinished)
                .unwrap();
            arena.put_table(table);
        }
        for _ in 0..5 {
            arena.allocate(D0);
            arena.allocate(D1);
        }
        let root = memory.get_root(first[0], D0, &mut unfinished).unwrap();
        arena.flush();
        Self {
            arena,
            root,
            unfinished,
            pages: Vec::new(),
            writables: Vec::new(),
            descriptors: Vec::new(),
        }
    }

    fn run(&mut self, operation: Operation) -> Result<(), Error> {
        let memory = self.arena.memory();
        match operation {
            Operation::Write(mfn, index, entry) => {
                let page = memory.get_writable(mfn, D0)?;
                self.arena.poke(mfn, index, entry);
                memory.put_writable(page, Stale::Flushed);
            }
            Operation::Pin(mfn, level) => memory.pin(mfn, level, D0, &mut self.unfinished)?,
            Operation::Unpin(mfn) => memory.unpin(mfn, D0, &mut self.unfinished)?,
            Operation::Update(mfn, index, entry, keep) => {
                let table = memory.hold_any_table(mfn, D0)?;
                let index = EntryIndex::new(index).unwrap();
                let outcome = if table.level() == Level::L1 {
                    memory.update_l1_entry(&table, index, entry, keep, D0, Reach::Anywhere)
                } else {
                    memory.update_upper_entry(&table, index, entry, keep, &mut self.unfinished)
                };
                memory.let_go(table);
                outcome?;
            }
            Operation::CompareExchange(mfn, index, entry) => {
                let table = memory.hold_any_table(mfn, D0)?;
                let index = EntryIndex::new(index).unwrap();
                let old = self.arena.read_entry(mfn, index);
                let outcome = if table.level() == Level::L1 {
                    memory.compare_exchange_l1_entry(&table, index, old, entry, D0)
                } else {
                    let unfinished = &mut self.unfinished;
                    memory.compare_exchange_upper_entry(&table, index, old, entry, unfinished)
                };
                memory.let_go(table);
                outcome?;
            }
            Operation::UpdateAddress(address, entry) => {
                let address = GuestAddress::new(address);
                memory.update_address(self.root.mfn(), address, entry, D0, D0)?;
            }
            Operation::LoadRoot(mfn) => {
                let root = memory.get_root(mfn, D0, &mut self.unfinished)?;
                let old = std::mem::replace(&mut self.root, root);
                self.arena.flush();
                memory.release_root(old, &mut self.unfinished);
            }
            Operation::Touch(address, write, from_cache) => {
                self.arena
                    .touch(self.root.mfn(), address, write, from_cache);
            }
            Operation::GetPage(mfn) => self.pages.push(memory.get_page(mfn, D0)?),
            Operation::PutPage => self.pages.pop().map_or((), |page| memory.put_page(page)),
            Operation::GetWritable(mfn) => self.writables.push(memory.get_writable(mfn, D0)?),
            Operation::PutWritable => {
                if let Some(page) = self.writables.pop() {
                    memory.put_writable(page, Stale::Now);
                }
            }
            Operation::Descriptors(mfn) => {
                self.descriptors
                    .push(memory.get_descriptor_page(mfn, D0, Ring::Three)?);
            }
            Operation::PutDescriptors => {
                if let Some(page) = self.descriptors.pop() {
                    memory.put_descriptor_page(page, Stale::Now);
                }
            }
            Operation::MapForeign(mfn, index, target, write) => {
                let table = memory.hold_table(mfn, Level::L1, D0)?;
                let granted = if write {
                    memory.get_writable(target, D1).map(Granted::Writable)
                } else {
                    memory.get_page(target, D1).map(Granted::ReadOnly)
                };
                if let Ok(granted) = granted {
                    let index = EntryIndex::new(index).unwrap();
                    let flags = Flags::empty();
                    let reach = Reach::Anywhere;
                    if let Err((_, granted)) =
                        memory.install_grant_entry(&table, index, granted, flags, reach)
                    {
                        memory.put_granted(granted, Stale::Flushed);
                    }
                }
                memory.let_go(table);
            }
            Operation::UnmapForeign(mfn, index, write) => {
                let table = memory.hold_table(mfn, Level::L1, D0)?;
                let access = if write { Access::Write } else { Access::Read };
                let index = EntryIndex::new(index).unwrap();
                let target = self.arena.read_entry(mfn, index).frame();
                let expected = (target, access);
                let reach = Reach::Anywhere;
                if let Ok((granted, stale)) =
                    memory.remove_grant_entry(&table, index, expected, Entry::NONE, reach)
                {
                    memory.put_granted(granted, stale);
                }
                memory.let_go(table);
            }
            Operation::Steal(mfn) => self.arena.reclaim(memory.steal(mfn, D0)?),
            Operation::Allocate => drop(self.arena.try_allocate(D0)?),
            Operation::Preempt(pattern) => self.arena.set_preempt(pattern),
            Operation::Flush => self.arena.flush(),
        }
        Ok(())
    }

    fn audit(&self) {
        let mut held = Held::default();
        held.add(self.root.mfn(), 1, 1);
        self.pages
            .iter()
            .for_each(|page| held.add(page.mfn(), 1, 0));
        self.writables
            .iter()
            .for_each(|page| held.add(page.mfn(), 1, 1));
        self.descriptors
            .iter()
            .for_each(|page| held.add(page.mfn(), 1, 1));
        self.arena.audit(held);
    }

    /// Both domains end; `unfinished` is lost on the way.
    fn end(self) {
        let memory = self.arena.memory();
        self.arena.flush();
        let mut lost = Unfinished::new();
        memory.release_root(self.root, &mut lost);
        self.pages
            .into_iter()
            .for_each(|page| memory.put_page(page));
        self.writables
            .into_iter()
            .for_each(|page| memory.put_writable(page, Stale::Now));
        self.descriptors
            .into_iter()
            .for_each(|page| memory.put_descriptor_page(page, Stale::Now));
        for domain in [D1, D0] {
            self.arena
                .accounts(domain, crate::memory::DomainMemory::set_dying);
            self.arena.relinquish(domain);
            self.arena.audit(Held::default());
        }
        self.arena.audit_empty();
    }
}

/// As many cases as `PROPTEST_CASES` says, or else few.
fn cases(few: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|count| count.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(few),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn every_sequence_keeps_every_invariant(
        operations in prop::collection::vec((operation(), 0..9_u8), 1..150),
    ) {
        let mut world = World::new();
        world.audit();
        for (operation, repeats) in operations {
            // The guest may run an interrupted operation again, or forget it.
            for _ in 0..=repeats {
                let outcome = world.run(operation.clone());
                world.audit();
                if outcome != Err(Error::Preempted) {
                    break;
                }
            }
        }
        world.end();
    }
}
