//! The books of one frame.

use core::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use ringwall_abi::DomainId;

use super::error::Error;
use super::kind::Kind;
use super::usage::{Usage, Word};

/// The books of one frame of RAM: owner, references, use.
///
/// A frame table of zeroes is right at boot: such a frame is private to the hypervisor, and no
/// reference to it can be taken. [`Buddy::add`](super::Buddy::add) makes frames free.
#[derive(Debug)]
#[repr(C, align(32))]
pub struct Frame {
    /// Owner (bits 48-63), flags (32-47), count of general references (0-31).
    holder: AtomicU64,
    pub(super) usage: Usage,
    /// The list that the frame is on: its owner's frames, or free blocks.
    pub(super) next: AtomicU32,
    pub(super) previous: AtomicU32,
    /// Partial table: entries below this index hold their references, the others do not.
    /// Free block: its order.
    progress: AtomicU16,
    /// Level-3 table: the slot of root tables in which it hangs, see [`Slot`].
    slot: AtomicU16,
}

const _: () = assert!(size_of::<Frame>() == 32);

const OWNER_SHIFT: u32 = 48;
const OWNER: u64 = !0 << OWNER_SHIFT;
const COUNT: u64 = (1 << 31) - 1;
/// Set once the counter is half full, after which guests get no more. The other half is there for
/// the hypervisor's own short looks, so that no guest can keep a frame from being taken down.
const FULL: u64 = 1 << 30;

/// The reference of the allocation is held: the domain has not given the frame back.
const ALLOCATED: u64 = 1 << 32;
/// The frame is on its owner's list, and counts against its limit.
const LISTED: u64 = 1 << 33;
/// The first frame of a free block.
const FREE: u64 = 1 << 34;

/// In which slot of root tables a level-3 table hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Nowhere,
    Only(u16),
    Several,
}

impl Slot {
    const SEVERAL: u16 = u16::MAX;

    const fn from_raw(raw: u16) -> Self {
        match raw {
            0 => Self::Nowhere,
            Self::SEVERAL => Self::Several,
            index => Self::Only(index - 1),
        }
    }

    const fn raw(self) -> u16 {
        match self {
            Self::Nowhere => 0,
            Self::Only(index) => index + 1,
            Self::Several => Self::SEVERAL,
        }
    }
}

impl Frame {
    /// A private frame.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            holder: AtomicU64::new(0),
            usage: Usage::new(),
            next: AtomicU32::new(0),
            previous: AtomicU32::new(0),
            progress: AtomicU16::new(0),
            slot: AtomicU16::new(0),
        }
    }

    /// Whose it is; of use only while a reference is held. A private or free frame says whose it
    /// was last.
    #[must_use]
    #[inline]
    pub fn owner(&self) -> DomainId {
        DomainId::new((self.holder.load(Ordering::Acquire) >> OWNER_SHIFT) as u16)
    }

    /// How many general references are held: for statistics and tests, it may change at once.
    #[must_use]
    pub fn references(&self) -> u64 {
        self.holder.load(Ordering::Acquire) & COUNT
    }

    /// What it is used as, and how often: for statistics and tests, it may change at once.
    #[must_use]
    pub fn usage(&self) -> (Kind, u64) {
        let word = self.usage.load();
        (word.kind(), word.count())
    }

    /// Whether the guest has pinned it as a table: for statistics and tests.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.usage.load().is_pinned()
    }

    pub(super) fn word(&self) -> Word {
        self.usage.load()
    }

    #[inline]
    fn exchange(&self, old: u64, new: u64) -> Result<u64, u64> {
        self.holder
            .compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire)
    }

    /// Takes a general reference, if and only if `owner` owns the frame.
    #[inline]
    pub(super) fn get(&self, owner: DomainId) -> Result<(), Error> {
        let mut word = self.holder.load(Ordering::Relaxed);
        loop {
            if word & (OWNER | FULL) != u64::from(owner.raw()) << OWNER_SHIFT || word & COUNT == 0 {
                return Err(if word & FULL == 0 {
                    Error::NotOwned
                } else {
                    Error::Overflow
                });
            }
            match self.exchange(word, word + 1) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// The same for the hypervisor, which holds few and for a short time: also where the counter is
    /// full for guests. `None` where there is nothing to hold.
    pub(super) fn hold(&self, owner: DomainId) -> Option<()> {
        let mut word = self.holder.load(Ordering::Relaxed);
        loop {
            let full = word & COUNT == COUNT;
            if word & OWNER != u64::from(owner.raw()) << OWNER_SHIFT || word & COUNT == 0 || full {
                return None;
            }
            match self.exchange(word, word + 1) {
                Ok(_) => return Some(()),
                Err(now) => word = now,
            }
        }
    }

    /// Drops a general reference; whether it was the last, after which the frame is the caller's
    /// alone.
    #[inline]
    pub(super) fn put(&self) -> bool {
        let mut word = self.holder.load(Ordering::Relaxed);
        loop {
            if word & COUNT == 0 {
                debug_assert!(false, "a general reference was released twice");
                return false;
            }
            match self.exchange(word, word - 1) {
                Ok(_) => return word & COUNT == 1,
                Err(now) => word = now,
            }
        }
    }

    /// Takes the reference of the allocation away from the domain, for the caller to put.
    pub(super) fn take_allocation(&self, owner: DomainId) -> Result<(), Error> {
        let mut word = self.holder.load(Ordering::Acquire);
        loop {
            if word >> OWNER_SHIFT != u64::from(owner.raw()) || word & ALLOCATED == 0 {
                return Err(Error::NotOwned);
            }
            match self.exchange(word, word & !ALLOCATED) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Takes the frame away from its owner if nothing but the allocation refers to it, in one step:
    /// there is no moment at which it has references and no owner, or the reverse.
    pub(super) fn steal(&self, owner: DomainId) -> Result<(), Error> {
        let mut word = self.holder.load(Ordering::Acquire);
        loop {
            if word >> OWNER_SHIFT != u64::from(owner.raw()) || word & ALLOCATED == 0 {
                return Err(Error::NotOwned);
            }
            if word & COUNT != 1 {
                return Err(Error::InUse);
            }
            match self.exchange(word, (word & !ALLOCATED) - 1) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    fn store(&self, owner: DomainId, flags: u64, count: u64) {
        let word = u64::from(owner.raw()) << OWNER_SHIFT | flags | count;
        self.holder.store(word, Ordering::Release);
    }

    /// Gives a clean frame to a domain, with the reference of the allocation.
    pub(super) fn allot(&self, owner: DomainId) {
        self.store(owner, ALLOCATED | LISTED, 1);
    }

    /// Gives a clean frame to a domain, with one reference that is the hypervisor's.
    pub(super) fn lend(&self, owner: DomainId) {
        self.store(owner, 0, 1);
    }

    /// Makes the frame private again: nobody can take a reference.
    pub(super) fn make_private(&self) {
        self.store(DomainId::INVALID, 0, 0);
    }

    /// Makes a private frame the first of a free block.
    pub(super) fn set_free(&self, order: u16) {
        self.progress.store(order, Ordering::Relaxed);
        self.holder.fetch_or(FREE, Ordering::AcqRel);
    }

    pub(super) fn clear_free(&self) {
        self.holder.fetch_and(!FREE, Ordering::AcqRel);
    }

    /// The order of the free block that begins here.
    pub(super) fn free_order(&self) -> Option<u16> {
        let free = self.holder.load(Ordering::Acquire) & FREE != 0;
        free.then(|| self.progress.load(Ordering::Relaxed))
    }

    pub(super) fn is_listed(&self) -> bool {
        self.holder.load(Ordering::Acquire) & LISTED != 0
    }

    /// How far a partial table is.
    pub(super) fn progress(&self) -> u16 {
        self.progress.load(Ordering::Acquire)
    }

    /// Busy to partial: what is below `progress` holds its references, and the frame owns its own.
    pub(super) fn suspend(&self, progress: u16) {
        self.progress.store(progress, Ordering::Release);
        self.usage.suspend();
    }

    #[inline]
    pub(super) fn slot(&self) -> Slot {
        Slot::from_raw(self.slot.load(Ordering::SeqCst))
    }

    pub(super) fn set_slot(&self, slot: Slot) {
        self.slot.store(slot.raw(), Ordering::SeqCst);
    }

    /// Notes that the frame is about to hang in a slot of a root table.
    pub(super) fn add_slot(&self, index: u16) {
        let only = Slot::Only(index).raw();
        let none = Slot::Nowhere.raw();
        match self
            .slot
            .compare_exchange(none, only, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => {}
            Err(present) if present == only => {}
            Err(_) => self.set_slot(Slot::Several),
        }
    }

    #[cfg(test)]
    pub(super) fn is_allocated(&self) -> bool {
        self.holder.load(Ordering::Acquire) & ALLOCATED != 0
    }

    #[cfg(test)]
    pub(super) fn set_references_to_maximum(&self) {
        self.holder.fetch_or(FULL, Ordering::AcqRel);
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}
