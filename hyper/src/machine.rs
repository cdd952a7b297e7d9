//! The machine as `ringwall-model` needs it.

use core::sync::atomic::{AtomicU32, Ordering};

use ringwall_abi::{DomainId, GuestAddress, Mfn, Pfn};
use ringwall_hw::cpu::control;
use ringwall_hw::cpu::features::{Features, cpuid, features};
use ringwall_hw::memory::paging::{FIRST_SLOT, tables};
use ringwall_hw::memory::{clear_frame, frame_word, frames, write_frame_word};
use ringwall_model::memory::{
    Access, Block, CpuFlushes, DomainMemory, Entry, EntryIndex, FlushClock, Frame, Invalidation,
    L1tf, Machine, Memory, NoExecute, Policy, TlbStamp,
};
use spin::Once;

use crate::{domain, irq, pool};

/// The machine.
pub(crate) struct Hardware {
    policy: Once<Policy>,
    clock: FlushClock,
    /// One per CPU; there is one.
    flushes: CpuFlushes,
    /// How often somebody asked whether to stop. One per CPU.
    steps: AtomicU32,
}

/// The machine.
pub(crate) static MACHINE: Hardware = Hardware {
    policy: Once::new(),
    clock: FlushClock::new(),
    flushes: CpuFlushes::new(),
    steps: AtomicU32::new(0),
};

/// The rules of memory over the machine.
#[inline]
pub(crate) fn memory() -> Memory<'static, Hardware> {
    Memory::new(&MACHINE)
}

/// Of so many times that somebody asks whether to stop, one looks: to ask the local APIC costs more than a step of most
/// operations.
const EVERY: u32 = 8;

/// What a machine-to-physical entry says of a frame without one.
const NO_PFN: u64 = u64::MAX;

impl Hardware {
    fn new_policy() -> Policy {
        let bits = if cpuid(0x8000_0000, 0)[0] >= 0x8000_0008 {
            cpuid(0x8000_0008, 0)[0] & 0xff
        } else {
            36
        };
        let no_execute = if features().contains(Features::NX) {
            NoExecute::Honoured
        } else {
            NoExecute::Cleared
        };
        // Every CPU is taken to leak, since the test is cheap and guests invert such entries anyway.
        let end = frames::ram().last().map_or(0, |range| range.end >> 12);
        Policy::new(bits, no_execute, L1tf::LeaksBelow(Mfn::new(end)))
    }

    /// The step that is being done takes as long as many: whoever asks next whether to stop looks.
    pub(crate) fn look_soon(&self) {
        self.steps.fetch_or(EVERY - 1, Ordering::Relaxed);
    }

    /// Drops all translations of this CPU, and keeps the books.
    pub(crate) fn flush_local(&self, flush: impl FnOnce()) {
        // With one CPU, each flush is everybody's: no sweep can be due for others.
        let _ = self.clock.flush(&self.flushes, flush);
    }
}

impl Machine for Hardware {
    #[inline]
    fn policy(&self) -> &Policy {
        self.policy.call_once(Self::new_policy)
    }

    #[inline]
    fn frame(&self, mfn: Mfn) -> Option<&Frame> {
        frames::frame(mfn)
    }

    #[inline]
    fn read_entry(&self, table: Mfn, index: EntryIndex) -> Entry {
        let word = frame_word(table, usize::from(index.raw() & 511));
        Entry::new(word.map_or(0, |word| word.load(Ordering::Acquire)))
    }

    #[inline]
    fn swap_entry(&self, table: Mfn, index: EntryIndex, new: Entry) -> Entry {
        let word = frame_word(table, index.raw().into());
        Entry::new(word.map_or(0, |word| word.swap(new.raw(), Ordering::AcqRel)))
    }

    #[inline]
    fn compare_exchange_entry(
        &self,
        table: Mfn,
        index: EntryIndex,
        old: Entry,
        new: Entry,
    ) -> Result<(), Entry> {
        let Some(word) = frame_word(table, index.raw().into()) else {
            return Err(Entry::NONE);
        };
        word.compare_exchange(old.raw(), new.raw(), Ordering::AcqRel, Ordering::Acquire)
            .map(|_| ())
            .map_err(Entry::new)
    }

    fn install_hypervisor_slots(&self, root: Mfn) {
        for (slot, entry) in tables().lock().slots().into_iter().enumerate() {
            write_frame_word(root, FIRST_SLOT + slot, entry);
        }
    }

    fn device_access(&self, domain: DomainId, mfn: Mfn, _access: Access) -> bool {
        domain::find(domain).is_some_and(|domain| domain.is_privileged()) && !irq::is_kept(mfn)
    }

    #[inline]
    fn tlb_now(&self) -> TlbStamp {
        self.clock.now()
    }

    #[inline]
    fn has_flushed_since(&self, stamp: TlbStamp) -> bool {
        self.clock.has_flushed_since(&self.flushes, stamp)
    }

    fn flush_since(&self, stamp: TlbStamp) {
        if !self.has_flushed_since(stamp) {
            self.flush_local(control::invalidate_all);
        }
    }

    #[inline]
    fn invalidate_page(&self, address: GuestAddress) -> Invalidation {
        control::invalidate_page(address.raw());
        Invalidation::Done
    }

    fn should_preempt(&self) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed) % EVERY == EVERY - 1 && irq::is_pending()
    }

    fn set_m2p(&self, mfn: Mfn, pfn: Option<Pfn>) {
        frames::set_m2p(mfn, pfn.map_or(NO_PFN, Pfn::raw));
    }

    fn zero_frame(&self, mfn: Mfn) {
        clear_frame(mfn);
    }

    fn accounts<R>(&self, owner: DomainId, act: impl FnOnce(&mut DomainMemory) -> R) -> Option<R> {
        Some(act(&mut domain::find(owner)?.memory().lock()))
    }

    fn reclaim(&self, block: Block) {
        pool::free(block);
    }
}
