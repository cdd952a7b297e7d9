//! A machine of a few frames, with one CPU and its TLB.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use ringwall_abi::{DomainId, ENTRIES_PER_TABLE, GuestAddress, Mfn, Pfn};

use crate::memory::frame::Frame;
use crate::memory::{
    Access, Block, Buddy, CpuFlushes, DomainMemory, Entry, EntryIndex, Error, Flags, FlushClock,
    HYPERVISOR_SLOTS, Invalidation, Kind, L1tf, Level, Machine, Memory, NoExecute, Policy,
    TlbStamp, TypeReference, Unfinished,
};

pub(super) const D0: DomainId = DomainId::new(0);
pub(super) const D1: DomainId = DomainId::new(1);

/// A frame past all RAM that domain 0 may map.
pub(super) const DEVICE: Mfn = Mfn::new(0xf_eb00);

/// What the hypervisor has in its slots: no guest can use it, so any frame number does.
const HYPERVISOR_ENTRY: Entry = Entry::new(0xdead_b000 | 3);

pub(super) const RO: Flags = Flags::PRESENT;
pub(super) const RW: Flags = Flags::PRESENT.union(Flags::WRITE);

/// A translation in the TLB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leaf {
    pub(super) address: u64,
    pub(super) frame: Mfn,
    pub(super) write: bool,
}

/// A cached step of a walk: a table, and the addresses that lead to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) prefix: u64,
    pub(super) level: Level,
    pub(super) table: Mfn,
}

#[derive(Debug, Default)]
pub(super) struct Tlb {
    pub(super) leaves: Vec<Leaf>,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Arena {
    frames: Vec<Frame>,
    words: Vec<AtomicU64>,
    policy: Policy,
    clock: FlushClock,
    cpu: CpuFlushes,
    tlb: Mutex<Tlb>,
    accounts: Mutex<BTreeMap<DomainId, DomainMemory>>,
    pub(super) buddy: Mutex<Buddy>,
    /// Answers of `should_preempt`, one bit each, over and over.
    preempt: AtomicU64,
    flushes: AtomicU64,
    /// Entries read since `should_preempt` was asked, and the most there ever were.
    work: AtomicU64,
    longest: AtomicU64,
    /// What another CPU does, once, between a look at the clock and the next step.
    pub(super) after_clock: Mutex<Option<fn(&Self)>>,
    /// Called once at a flush.
    pub(super) at_flush: Mutex<Option<fn(&Self)>>,
}

impl Arena {
    /// RAM of `count` frames, all free, and two domains with room for all of it.
    pub(super) fn new(count: usize) -> Self {
        Self::with_policy(count, Policy::new(46, NoExecute::Honoured, L1tf::Immune))
    }

    pub(super) fn with_policy(count: usize, policy: Policy) -> Self {
        let arena = Self {
            frames: (0..count).map(|_| Frame::new()).collect(),
            words: (0..count * ENTRIES_PER_TABLE)
                .map(|_| AtomicU64::new(0x5555))
                .collect(),
            policy,
            clock: FlushClock::at(u32::MAX - 20),
            cpu: CpuFlushes::new(),
            tlb: Mutex::default(),
            accounts: Mutex::default(),
            buddy: Mutex::new(Buddy::new()),
            preempt: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            work: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            after_clock: Mutex::new(None),
            at_flush: Mutex::new(None),
        };
        arena.flush();
        for domain in [D0, D1] {
            arena
                .lock_accounts()
                .insert(domain, DomainMemory::new(domain, count as u64));
        }
        arena
            .buddy
            .lock()
            .unwrap()
            .add(&arena, Mfn::new(0), count as u64);
        arena
    }

    pub(super) fn memory(&self) -> Memory<'_, Self> {
        Memory::new(self)
    }

    pub(super) fn lock_accounts(&self) -> MutexGuard<'_, BTreeMap<DomainId, DomainMemory>> {
        self.accounts.lock().unwrap()
    }

    pub(super) fn tlb(&self) -> MutexGuard<'_, Tlb> {
        self.tlb.lock().unwrap()
    }

    pub(super) fn all_frames(&self) -> impl Iterator<Item = (Mfn, &Frame)> {
        (0..).map(Mfn::new).zip(&self.frames)
    }

    pub(super) fn books(&self, mfn: Mfn) -> &Frame {
        self.frame(mfn).unwrap()
    }

    pub(super) fn usage(&self, mfn: Mfn) -> (Kind, u64) {
        self.books(mfn).usage()
    }

    pub(super) fn set_preempt(&self, pattern: u64) {
        self.preempt.store(pattern, Ordering::SeqCst);
    }

    pub(super) fn flush_count(&self) -> u64 {
        self.flushes.load(Ordering::SeqCst)
    }

    /// The most entries read between two questions of `should_preempt`, up to now.
    pub(super) fn longest_stretch(&self) -> u64 {
        self.longest
            .fetch_max(self.work.swap(0, Ordering::SeqCst), Ordering::SeqCst);
        self.longest.load(Ordering::SeqCst)
    }

    /// Starts to measure anew.
    pub(super) fn reset_stretch(&self) {
        self.work.store(0, Ordering::SeqCst);
        self.longest.store(0, Ordering::SeqCst);
    }

    /// A CR3 write.
    pub(super) fn flush(&self) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        let act = self.at_flush.lock().unwrap().take();
        if let Some(act) = act {
            act(self);
        }
        let _ = self.clock.flush(&self.cpu, || *self.tlb() = Tlb::default());
    }

    /// Gives a frame to a domain.
    pub(super) fn try_allocate(&self, domain: DomainId) -> Result<Mfn, Error> {
        let block = self.buddy.lock().unwrap().allocate(self, 0, 64)?;
        let clean = self.memory().clean(block);
        let mfn = clean.mfn();
        let tlb = self.tlb();
        assert!(
            tlb.leaves.iter().all(|leaf| leaf.frame != mfn),
            "{mfn:?} has a new owner"
        );
        assert!(
            tlb.steps.iter().all(|step| step.table != mfn),
            "{mfn:?} has a new owner"
        );
        drop(tlb);
        assert!(EntryIndex::all().all(|index| self.read_entry(mfn, index) == Entry::NONE));
        let outcome = self
            .accounts(domain, |accounts| accounts.assign(self, clean, None))
            .unwrap();
        outcome.map_err(|(error, clean)| {
            self.reclaim(clean.into_block());
            error
        })
    }

    pub(super) fn allocate(&self, domain: DomainId) -> Mfn {
        self.try_allocate(domain).unwrap()
    }

    pub(super) fn allocate_many<const N: usize>(&self, domain: DomainId) -> [Mfn; N] {
        std::array::from_fn(|_| self.allocate(domain))
    }

    /// What a guest writes into a frame that nothing keeps it from writing.
    pub(super) fn poke(&self, table: Mfn, index: u16, entry: Entry) {
        self.swap_entry(table, EntryIndex::new(index).unwrap(), entry);
    }

    pub(super) fn peek(&self, table: Mfn, index: u16) -> Entry {
        self.read_entry(table, EntryIndex::new(index).unwrap())
    }

    /// Tables for address 0, empty at the end: root, level 3, 2, 1. The root is pinned.
    pub(super) fn hierarchy(&self, domain: DomainId) -> [Mfn; 4] {
        let tables: [Mfn; 4] = self.allocate_many(domain);
        for pair in tables.windows(2) {
            self.poke(pair[0], 0, Entry::map(pair[1], RW));
        }
        self.pin(tables[0], Level::L4, domain).unwrap();
        tables
    }

    pub(super) fn pin(&self, mfn: Mfn, level: Level, domain: DomainId) -> Result<(), Error> {
        let mut unfinished = Unfinished::new();
        let outcome = loop {
            match self.memory().pin(mfn, level, domain, &mut unfinished) {
                Err(Error::Preempted) => {}
                outcome => break outcome,
            }
        };
        self.finish(unfinished);
        outcome
    }

    pub(super) fn unpin(&self, mfn: Mfn, domain: DomainId) -> Result<(), Error> {
        let mut unfinished = Unfinished::new();
        let outcome = self.memory().unpin(mfn, domain, &mut unfinished);
        self.finish(unfinished);
        outcome
    }

    pub(super) fn finish(&self, mut unfinished: Unfinished) {
        while self.memory().finish(&mut unfinished).is_err() {}
    }

    pub(super) fn put_table(&self, table: TypeReference<Level>) {
        let mut unfinished = Unfinished::new();
        self.memory()
            .put_table(table, crate::memory::Stale::Flushed, &mut unfinished);
        self.finish(unfinished);
    }

    pub(super) fn relinquish(&self, domain: DomainId) {
        while self.memory().relinquish(domain) == Err(Error::Preempted) {}
    }

    /// Translates an address as the CPU does under a root, from a cached step if `from_cache`
    /// names one that leads there; keeps each step and the translation.
    pub(super) fn touch(&self, root: Mfn, address: u64, write: bool, from_cache: usize) {
        let mut at = (Level::L4, root);
        {
            let tlb = self.tlb();
            let matching: Vec<_> = tlb
                .steps
                .iter()
                .filter(|step| address & prefix_mask(step.level) == step.prefix)
                .collect();
            if let Some(step) = matching.get(from_cache % (matching.len() + 1)) {
                at = (step.level, step.table);
            }
        }
        loop {
            let (level, table) = at;
            let index = EntryIndex::of(GuestAddress::new(address), level);
            if level.is_reserved(index) {
                return;
            }
            let entry = self.read_entry(table, index);
            if !entry.is_present() || write && !entry.flags().contains(Flags::WRITE) {
                return;
            }
            let mut used = entry.with(Flags::ACCESSED);
            if level == Level::L1 && write {
                used = used.with(Flags::DIRTY);
            }
            if self
                .compare_exchange_entry(table, index, entry, used)
                .is_err()
            {
                return;
            }
            if self.frame(entry.frame()).is_none() {
                return;
            }
            let Some(below) = level.below() else {
                let address = address & !0xfff;
                let leaf = Leaf {
                    address,
                    frame: entry.frame(),
                    write: entry.is_writable(),
                };
                self.tlb().leaves.push(leaf);
                return;
            };
            let step = Step {
                prefix: address & prefix_mask(below),
                level: below,
                table: entry.frame(),
            };
            self.tlb().steps.push(step);
            at = (below, entry.frame());
        }
    }

    fn word(&self, table: Mfn, index: EntryIndex) -> &AtomicU64 {
        &self.words[usize::try_from(table.raw()).unwrap() * 512 + usize::from(index.raw())]
    }
}

/// The bits of an address that choose a table of a level.
const fn prefix_mask(level: Level) -> u64 {
    !0 << (12 + 9 * level as u32)
}

impl Machine for Arena {
    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn frame(&self, mfn: Mfn) -> Option<&Frame> {
        self.frames.get(usize::try_from(mfn.raw()).ok()?)
    }

    fn read_entry(&self, table: Mfn, index: EntryIndex) -> Entry {
        self.work.fetch_add(1, Ordering::SeqCst);
        match self.frame(table) {
            Some(_) => Entry::new(self.word(table, index).load(Ordering::SeqCst)),
            None => Entry::NONE,
        }
    }

    fn swap_entry(&self, table: Mfn, index: EntryIndex, new: Entry) -> Entry {
        Entry::new(self.word(table, index).swap(new.raw(), Ordering::SeqCst))
    }

    fn compare_exchange_entry(
        &self,
        table: Mfn,
        index: EntryIndex,
        old: Entry,
        new: Entry,
    ) -> Result<(), Entry> {
        self.word(table, index)
            .compare_exchange(old.raw(), new.raw(), Ordering::SeqCst, Ordering::SeqCst)
            .map(|_| ())
            .map_err(Entry::new)
    }

    fn install_hypervisor_slots(&self, root: Mfn) {
        for slot in HYPERVISOR_SLOTS {
            self.poke(root, slot, HYPERVISOR_ENTRY);
        }
    }

    fn device_access(&self, domain: DomainId, mfn: Mfn, _: Access) -> bool {
        domain == D0 && mfn == DEVICE
    }

    fn tlb_now(&self) -> TlbStamp {
        let now = self.clock.now();
        let act = self.after_clock.lock().unwrap().take();
        if let Some(act) = act {
            act(self);
        }
        now
    }

    fn has_flushed_since(&self, stamp: TlbStamp) -> bool {
        self.clock.has_flushed_since(&self.cpu, stamp)
    }

    fn flush_since(&self, stamp: TlbStamp) {
        if !self.has_flushed_since(stamp) {
            self.flush();
        }
    }

    fn invalidate_page(&self, address: GuestAddress) -> Invalidation {
        // Cached steps stay, though a real CPU drops them too.
        self.tlb()
            .leaves
            .retain(|leaf| leaf.address != address.raw() & !0xfff);
        Invalidation::Done
    }

    fn should_preempt(&self) -> bool {
        self.longest_stretch();
        let rotate = |pattern: u64| Some(pattern.rotate_right(1));
        let before = self
            .preempt
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, rotate);
        before.unwrap() & 1 != 0
    }

    fn set_m2p(&self, _: Mfn, _: Option<Pfn>) {}

    fn zero_frame(&self, mfn: Mfn) {
        for index in EntryIndex::all() {
            self.swap_entry(mfn, index, Entry::NONE);
        }
    }

    fn accounts<R>(&self, owner: DomainId, act: impl FnOnce(&mut DomainMemory) -> R) -> Option<R> {
        self.lock_accounts().get_mut(&owner).map(act)
    }

    fn reclaim(&self, block: Block) {
        self.buddy.lock().unwrap().free(self, block);
    }
}
