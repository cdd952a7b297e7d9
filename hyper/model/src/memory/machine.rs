//! The machine below, and the rules above it.

use ringwall_abi::{DomainId, GuestAddress, Mfn, Pfn};

use super::buddy::Block;
use super::domain::DomainMemory;
use super::entry::{Entry, EntryIndex};
use super::frame::Frame;
use super::policy::Policy;
use super::tlb::TlbStamp;

/// What is wanted of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// What became of a request to drop one address from the TLBs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invalidation {
    /// No CPU holds a translation of it any more.
    Done,
    /// Some CPU may still hold one.
    NotEverywhere,
}

/// The machine, as far as the rules of memory need it: ring 0 has one by the direct map, the tests
/// by an arena. Dispatch is static, and every method but the last four is on the hot path.
///
/// Accesses to entries are aligned atomics of eight bytes. The model asks only for frames for
/// which [`frame`](Self::frame) has answered.
pub trait Machine {
    /// What the CPU and the ring layout ask of entries.
    fn policy(&self) -> &Policy;

    /// The books of a frame; `None` where there is no RAM (holes, MMIO, firmware tables).
    fn frame(&self, mfn: Mfn) -> Option<&Frame>;

    /// Reads an entry (acquire). Of what is no RAM: [`Entry::NONE`], also where `frame` was not
    /// asked.
    fn read_entry(&self, table: Mfn, index: EntryIndex) -> Entry;

    /// Replaces an entry; the one that was there (acquire and release).
    fn swap_entry(&self, table: Mfn, index: EntryIndex, new: Entry) -> Entry;

    /// Replaces an entry if it is still `old` (acquire and release).
    ///
    /// # Errors
    /// The entry that is there.
    fn compare_exchange_entry(
        &self,
        table: Mfn,
        index: EntryIndex,
        old: Entry,
        new: Entry,
    ) -> Result<(), Entry>;

    /// Writes the hypervisor's slots into a frame that is about to become a root.
    fn install_hypervisor_slots(&self, root: Mfn);

    /// Whether a domain may map a frame for which [`frame`](Self::frame) answers `None`: MMIO and
    /// the like. It refuses what the hypervisor keeps, and what the CPU can't address.
    fn device_access(&self, domain: DomainId, mfn: Mfn, access: Access) -> bool;

    /// [`FlushClock::now`](super::FlushClock::now) of the machine's clock.
    fn tlb_now(&self) -> TlbStamp;

    /// Whether each CPU has flushed since a moment.
    fn has_flushed_since(&self, stamp: TlbStamp) -> bool;

    /// Makes each CPU flush that has not done so since a moment; returns when all have.
    fn flush_since(&self, stamp: TlbStamp);

    /// Drops one address from the TLB of each CPU that may hold it, where that is cheap.
    fn invalidate_page(&self, address: GuestAddress) -> Invalidation;

    /// Whether something else wants this CPU: an operation that can be resumed stops soon. It is
    /// asked only after a step forward, so answering yes forever still makes progress.
    fn should_preempt(&self) -> bool;

    /// Writes the machine-to-physical table.
    fn set_m2p(&self, mfn: Mfn, pfn: Option<Pfn>);

    /// Fills a frame with zeroes.
    fn zero_frame(&self, mfn: Mfn);

    /// Runs `act` on a domain's accounts, under their lock; `None` where there is no such domain.
    fn accounts<R>(&self, owner: DomainId, act: impl FnOnce(&mut DomainMemory) -> R) -> Option<R>;

    /// Takes back a frame whose last reference is gone: [`Buddy::free`](super::Buddy::free) under
    /// its lock.
    fn reclaim(&self, block: Block);
}

/// Every operation on frames: a machine, and the rules.
#[derive(Debug)]
pub struct Memory<'m, M: ?Sized>(pub(super) &'m M);

impl<M: ?Sized> Clone for Memory<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: ?Sized> Copy for Memory<'_, M> {}

impl<'m, M: Machine> Memory<'m, M> {
    /// The rules over a machine. It costs nothing to make one for each call.
    #[must_use]
    #[inline]
    pub const fn new(machine: &'m M) -> Self {
        Self(machine)
    }

    /// The machine.
    #[must_use]
    #[inline]
    pub const fn machine(self) -> &'m M {
        self.0
    }
}
