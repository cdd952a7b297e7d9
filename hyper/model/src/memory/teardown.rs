//! The end of a domain's memory.

use ringwall_abi::{DomainId, Mfn};

use super::buddy::Block;
use super::domain::{DomainMemory, Stage};
use super::error::Error;
use super::frame::Frame;
use super::machine::{Machine, Memory};
use super::table::Unfinished;

/// How many frames are freed between two looks at whether something waits: as many as the largest extent of
/// a guest has, so that it goes back as it came.
const BATCH: u64 = 512;

impl<M: Machine> Memory<'_, M> {
    /// Takes everything from a domain that is dying: first its pins and half-done tables, then the
    /// allocations of its frames. Its virtual CPUs have released their roots already, and its grant
    /// mappings are gone.
    ///
    /// Frames that another domain still maps linger, and are freed when it lets go; the domain can
    /// be forgotten when [`total_pages`](super::DomainMemory::total_pages) is zero.
    ///
    /// # Errors
    /// [`Error::Preempted`]: run it again. [`Error::NotOwned`]: there is no such domain.
    pub fn relinquish(self, domain: DomainId) -> Result<(), Error> {
        self.for_each(domain, Stage::Held, Stage::Unpinned, |memory, mfn, _| {
            loop {
                // What is left is partial, and is found again as such.
                let mut unfinished = Unfinished::new();
                match memory.unpin(mfn, domain, &mut unfinished) {
                    Ok(()) if unfinished.is_empty() => {}
                    Ok(()) | Err(Error::Preempted) => return Err(Error::Preempted),
                    // Nothing was pinned, and nothing is partial any more.
                    Err(_) => return Ok(()),
                }
            }
        })?;
        self.for_each(
            domain,
            Stage::Unpinned,
            Stage::Lingering,
            |memory, mfn, frame| {
                if frame.take_allocation(domain).is_ok() {
                    memory.put(mfn, frame);
                }
                Ok(())
            },
        )
    }

    /// Frees each frame of a stage that can be freed as it is, and moves the others to the next one,
    /// doing `act` in between. The accounts are not locked during `act`, which may free frames of any
    /// domain.
    fn for_each(
        self,
        domain: DomainId,
        from: Stage,
        to: Stage,
        mut act: impl FnMut(Self, Mfn, &Frame) -> Result<(), Error>,
    ) -> Result<(), Error> {
        loop {
            while self.free_unused(domain, from, to)? {
                if self.0.should_preempt() {
                    return Err(Error::Preempted);
                }
            }
            let next = self.0.accounts(domain, |accounts| accounts.first(from));
            let Some(mfn) = next.ok_or(Error::NotOwned)? else {
                return Ok(());
            };
            let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
            // A reference of our own, so that the frame is still listed when we move it. A frame
            // without one is being freed by another CPU, which will take it off the list.
            if frame.hold(domain).is_none() {
                return Err(Error::Preempted);
            }
            let outcome = act(self, mfn, frame);
            if outcome.is_ok() {
                self.0
                    .accounts(domain, |accounts| accounts.advance(self.0, mfn, frame, to));
            }
            self.put(mfn, frame);
            outcome?;
            if self.0.should_preempt() {
                return Err(Error::Preempted);
            }
        }
    }

    /// Frees frames from the head of a stage's list on that nothing refers to but their allocation: nearly
    /// all of a domain's, and cheaply, as neighbours are freed as one block. Of a frame that is in use but
    /// has neither a pin nor a half-done table, the first stage is over.
    ///
    /// False where the first frame of the stage needs more than that, or there is none.
    fn free_unused(self, domain: DomainId, from: Stage, to: Stage) -> Result<bool, Error> {
        let step = |accounts: &mut DomainMemory| {
            let (mut run, mut moved) = (Run::EMPTY, 0);
            while run.count + moved < BATCH
                && let Some(mfn) = accounts.first(from)
                && let Some(frame) = self.0.frame(mfn)
            {
                if run.has_room_for(mfn) && frame.steal(domain).is_ok() {
                    self.disown_listed(mfn, frame, accounts);
                    run.add(mfn);
                } else if from == Stage::Held && frame.references() > 1 && frame.word().is_settled()
                {
                    accounts.advance(self.0, mfn, frame, to);
                    moved += 1;
                } else {
                    break;
                }
            }
            (run, moved != 0)
        };
        let (run, moved) = self.0.accounts(domain, step).ok_or(Error::NotOwned)?;
        let freed = run.count != 0;
        for block in run.blocks() {
            self.0.reclaim(block);
        }
        Ok(freed || moved)
    }
}

/// Frames that follow each other.
struct Run {
    first: u64,
    count: u64,
}

impl Run {
    const EMPTY: Self = Self { first: 0, count: 0 };

    /// Whether a frame is next to it, at one end or the other.
    const fn has_room_for(&self, mfn: Mfn) -> bool {
        self.count == 0 || mfn.raw() + 1 == self.first || mfn.raw() == self.first + self.count
    }

    /// Adds a frame that it [has room for](Self::has_room_for).
    const fn add(&mut self, mfn: Mfn) {
        if self.count == 0 || mfn.raw() < self.first {
            self.first = mfn.raw();
        }
        self.count += 1;
    }

    /// The frames, which nobody has, as the largest blocks that are aligned.
    fn blocks(self) -> impl Iterator<Item = Block> {
        let (mut at, end) = (self.first, self.first + self.count);
        core::iter::from_fn(move || {
            let left = end.checked_sub(at).filter(|&left| left != 0)?;
            // Frame 0 is nobody's: `at` has a lowest bit.
            let order = at.trailing_zeros().min(left.ilog2());
            let block = Block::forge(Mfn::new(at), u16::try_from(order).ok()?);
            at += 1 << order;
            Some(block)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Mfn, Run};

    #[test]
    fn a_run_grows_at_both_ends_and_is_freed_in_aligned_blocks() {
        let mut run = Run::EMPTY;
        for mfn in [6, 5, 7, 4, 8, 3] {
            assert!(run.has_room_for(Mfn::new(mfn)));
            run.add(Mfn::new(mfn));
        }
        for stranger in [1, 3, 8, 10, u64::MAX - 1] {
            assert!(!run.has_room_for(Mfn::new(stranger)), "{stranger}");
        }
        let blocks: Vec<_> = run
            .blocks()
            .map(|block| (block.mfn().raw(), block.order()))
            .collect();
        assert_eq!(blocks, [(3, 0), (4, 2), (8, 0)]);
        assert_eq!(Run::EMPTY.blocks().count(), 0);
    }
}
