//! What a domain owns.

use ringwall_abi::{DomainId, Mfn, Pfn};

use super::buddy::{Block, Buddy};
use super::claim::{Claim, ClaimError};
use super::error::Error;
use super::frame::Frame;
use super::list::List;
use super::machine::{Machine, Memory};

/// A block without a trace of whoever had it last: zeroes, and in no TLB.
#[derive(Debug)]
#[must_use = "a block that is dropped is lost"]
pub struct CleanBlock {
    block: Block,
}

impl CleanBlock {
    /// The first frame.
    #[must_use]
    pub const fn mfn(&self) -> Mfn {
        self.block.mfn()
    }

    pub(super) const fn from_clean(block: Block) -> Self {
        Self { block }
    }

    /// The block, if it is not needed after all.
    pub fn into_block(self) -> Block {
        self.block
    }
}

/// A domain's memory: what it owns, and how much it may own. One for each domain, behind a lock of
/// its own.
#[derive(Debug)]
pub struct DomainMemory {
    domain: DomainId,
    total_pages: u64,
    max_pages: u64,
    claim: Claim,
    dying: bool,
    lists: [List; STAGES],
}

/// Where a frame is on its way out; see [`Memory::relinquish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In use.
    Held,
    /// Its pin is gone.
    Unpinned,
    /// Its allocation is gone too: something else refers to it still.
    Lingering,
}

const STAGES: usize = 3;

impl DomainMemory {
    /// The accounts of a new domain. `max_pages` is in frames.
    #[must_use]
    pub const fn new(domain: DomainId, max_pages: u64) -> Self {
        Self {
            domain,
            total_pages: 0,
            max_pages,
            claim: Claim::NONE,
            dying: false,
            lists: [List::new(); STAGES],
        }
    }

    /// How many frames it has.
    #[must_use]
    pub const fn total_pages(&self) -> u64 {
        self.total_pages
    }

    /// How many it may have.
    #[must_use]
    pub const fn max_pages(&self) -> u64 {
        self.max_pages
    }

    /// Sets how many frames it may have. If it has more, it only gets no others.
    pub const fn set_max_pages(&mut self, max_pages: u64) {
        self.max_pages = max_pages;
    }

    /// What is set aside for it beyond what it has.
    #[must_use]
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The same, for [`Buddy::allocate_for`].
    pub const fn claim_mut(&mut self) -> &mut Claim {
        &mut self.claim
    }

    /// Sets aside what the domain lacks to have `pages`; with 0, gives up what was.
    ///
    /// # Errors
    /// [`ClaimError`].
    #[doc(alias = "XENMEM_claim_pages")]
    pub const fn claim_up_to(&mut self, buddy: &mut Buddy, pages: u64) -> Result<(), ClaimError> {
        if pages == 0 {
            return buddy.claim(&mut self.claim, 0);
        }
        if pages > self.max_pages || self.dying {
            return Err(ClaimError::OverLimit);
        }
        if pages <= self.total_pages {
            return Err(ClaimError::HasThem);
        }
        buddy.claim(&mut self.claim, pages - self.total_pages)
    }

    /// From here on it gets no memory. [`Memory::relinquish`] comes next.
    pub const fn set_dying(&mut self) {
        self.dying = true;
    }

    /// Whether the domain may get 2^`order` frames.
    ///
    /// # Errors
    /// [`Error::Dying`], [`Error::OverLimit`].
    pub const fn check_room(&self, order: u16) -> Result<(), Error> {
        if self.dying {
            return Err(Error::Dying);
        }
        if self.max_pages.saturating_sub(self.total_pages) < 1 << order {
            return Err(Error::OverLimit);
        }
        Ok(())
    }

    /// Gives a block to the domain; its first frame. The frames hold the reference of their
    /// allocation each, and no use. Where `place` is the first one's place among the domain's frames, the
    /// machine-to-physical table gets all.
    ///
    /// # Errors
    /// [`Error::Dying`], [`Error::OverLimit`]; the block comes back.
    pub fn assign<M: Machine>(
        &mut self,
        machine: &M,
        block: CleanBlock,
        place: Option<Pfn>,
    ) -> Result<Mfn, (Error, CleanBlock)> {
        if let Err(error) = self.check_room(block.block.order()) {
            return Err((error, block));
        }
        self.total_pages += 1 << block.block.order();
        for ((mfn, frame), offset) in frames(machine, &block.block).zip(0..) {
            if let Some(pfn) = place.and_then(|place| place.checked_add(offset)) {
                machine.set_m2p(mfn, Some(pfn));
            }
            self.list(Stage::Held).push(machine, mfn, frame);
            // The last step: from here on references can be taken.
            frame.allot(self.domain);
        }
        Ok(block.mfn())
    }

    /// The first frame of its list, for a look at what there is; the others can be reached only by
    /// their numbers.
    #[must_use]
    pub(super) fn first(&mut self, stage: Stage) -> Option<Mfn> {
        self.list(stage).first()
    }

    /// Takes a frame off the accounts: it has no reference left.
    pub(super) fn unlist<M: Machine>(&mut self, machine: &M, mfn: Mfn, frame: &Frame) {
        List::remove(&mut self.lists, machine, mfn, frame);
        self.total_pages = self.total_pages.saturating_sub(1);
    }

    pub(super) fn advance<M: Machine>(&mut self, machine: &M, mfn: Mfn, frame: &Frame, to: Stage) {
        List::remove(&mut self.lists, machine, mfn, frame);
        self.list(to).push(machine, mfn, frame);
    }

    fn list(&mut self, stage: Stage) -> &mut List {
        let [held, unpinned, lingering] = &mut self.lists;
        match stage {
            Stage::Held => held,
            Stage::Unpinned => unpinned,
            Stage::Lingering => lingering,
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Takes the traces of earlier owners off a block: what a TLB may still hold of it is flushed,
    /// what is in it is zeroed. Here and not where it was freed: freeing stays quick, and what is
    /// not needed again is not zeroed.
    pub fn clean(self, block: Block) -> CleanBlock {
        for (mfn, frame) in frames(self.0, &block) {
            self.flush_translations(frame);
            // A type means nothing without its owner.
            frame.usage.reset();
            self.0.zero_frame(mfn);
        }
        CleanBlock { block }
    }

    /// Takes a block for the hypervisor's own use: its first frame. The frames stay private, so that no guest can
    /// take a reference to them, and no TLB has a translation through which whoever had them last could still
    /// write. The contents are anything. [`Self::take_back`] is the way back.
    pub fn keep_private(self, block: Block) -> Mfn {
        for (_, frame) in frames(self.0, &block) {
            self.flush_translations(frame);
        }
        block.mfn()
    }

    /// Flushes what TLBs may still hold of a frame without an owner.
    fn flush_translations(self, frame: &Frame) {
        if let Some(since) = frame.word().stale_since()
            && !self.0.has_flushed_since(since)
        {
            self.0.flush_since(since);
        }
    }

    /// Lets a block keep what is in it: the boot loader's modules, which go to dom0 as they are, and
    /// RAM that nobody has used since the machine came up. TLBs never had it.
    pub fn adopt(self, block: Block) -> CleanBlock {
        for (_, frame) in frames(self.0, &block) {
            frame.usage.reset();
        }
        CleanBlock { block }
    }

    /// Takes a frame back from its owner, which has no use for it: `decrease_reservation`, and the
    /// first half of `exchange`. The block is not clean.
    ///
    /// # Errors
    /// [`Error::NotOwned`]; [`Error::InUse`] where anything but the allocation refers to it.
    pub fn steal(self, mfn: Mfn, owner: DomainId) -> Result<Block, Error> {
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        frame.steal(owner)?;
        Ok(self.disown(mfn, frame))
    }

    /// Makes a block again of frames that the hypervisor had for itself, by
    /// [`Self::keep_private`], or that its loader left behind. They count as full of secrets.
    ///
    /// # Errors
    /// [`Error::NoMemory`] for what no block can be; [`Error::InUse`] where a frame is not private.
    pub fn take_back(self, mfn: Mfn, order: u16) -> Result<Block, Error> {
        if order > super::MAX_ORDER
            || mfn.raw() == 0
            || !List::holds(mfn)
            || !mfn.raw().is_multiple_of(1 << order)
        {
            return Err(Error::NoMemory);
        }
        let block = Block::forge(mfn, order);
        for mfn in block.frames() {
            let frame = self.0.frame(mfn).ok_or(Error::NoMemory)?;
            if frame.references() != 0 || frame.free_order().is_some() {
                return Err(Error::InUse);
            }
        }
        for (_, frame) in frames(self.0, &block) {
            frame.make_private();
        }
        Ok(block)
    }
}

fn frames<'m, M: Machine>(
    machine: &'m M,
    block: &Block,
) -> impl Iterator<Item = (Mfn, &'m Frame)> + use<'m, M> {
    block
        .frames()
        .filter_map(move |mfn| Some((mfn, machine.frame(mfn)?)))
}
