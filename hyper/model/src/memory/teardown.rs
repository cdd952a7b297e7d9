//! The end of a domain's memory.

use ringwall_abi::DomainId;

use super::domain::Stage;
use super::error::Error;
use super::machine::{Machine, Memory};

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
                match memory.unpin(mfn, domain) {
                    Ok(()) => {}
                    Err(Error::Preempted) => return Err(Error::Preempted),
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

    /// Moves each frame of a domain from one stage to the next, doing `act` in between. The
    /// accounts are not locked during `act`, which may free frames of any domain.
    fn for_each(
        self,
        domain: DomainId,
        from: Stage,
        to: Stage,
        mut act: impl FnMut(Self, ringwall_abi::Mfn, &super::Frame) -> Result<(), Error>,
    ) -> Result<(), Error> {
        loop {
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
}
