//! General and writable references.

use ringwall_abi::{DomainId, Mfn, Pfn};

use super::buddy::Block;
use super::domain::DomainMemory;
use super::error::Error;
use super::frame::Frame;
use super::kind::Kind;
use super::machine::{Machine, Memory};
use super::reference::{PageReference, TypeReference, Writable};
use super::tlb::Stale;
use super::usage::Acquired;

impl<M: Machine> Memory<'_, M> {
    /// Takes a general reference to a frame of `owner`.
    ///
    /// # Errors
    /// [`Error::NotOwned`], [`Error::Overflow`].
    #[inline]
    pub fn get_page(self, mfn: Mfn, owner: DomainId) -> Result<PageReference, Error> {
        self.0.frame(mfn).ok_or(Error::NotOwned)?.get(owner)?;
        Ok(PageReference::forge(mfn))
    }

    /// Gives a general reference back. With the last one the frame is freed: it leaves its owner's
    /// accounts, and goes to [`Machine::reclaim`].
    #[inline]
    pub fn put_page(self, page: PageReference) {
        let mfn = page.consume();
        if let Some(frame) = self.0.frame(mfn) {
            self.put(mfn, frame);
        }
    }

    /// Takes a reference that allows to write a frame of `owner`.
    ///
    /// # Errors
    /// Those of [`get_page`](Self::get_page); [`Error::TypeConflict`] where the frame is a table
    /// and the like; [`Error::Preempted`] where another CPU is about to make it writable.
    #[inline]
    pub fn get_writable(self, mfn: Mfn, owner: DomainId) -> Result<TypeReference<Writable>, Error> {
        self.acquire_writable(mfn, self.0.frame(mfn).ok_or(Error::NotOwned)?, owner)?;
        Ok(TypeReference::forge(mfn, Writable))
    }

    /// Gives a writable reference back. `stale` says what translations may be left of it.
    #[inline]
    pub fn put_writable(self, page: TypeReference<Writable>, stale: Stale) {
        let mfn = page.consume();
        if let Some(frame) = self.0.frame(mfn) {
            self.release_writable(frame, stale);
            self.put(mfn, frame);
        }
    }

    /// Writes the machine-to-physical table for a frame of `owner`.
    ///
    /// # Errors
    /// Those of [`get_page`](Self::get_page).
    #[doc(alias = "MMU_MACHPHYS_UPDATE")]
    pub fn update_m2p(self, mfn: Mfn, pfn: Pfn, owner: DomainId) -> Result<(), Error> {
        let page = self.get_page(mfn, owner)?;
        self.0.set_m2p(mfn, Some(pfn));
        self.put_page(page);
        Ok(())
    }

    #[inline]
    pub(super) fn acquire_writable(
        self,
        mfn: Mfn,
        frame: &Frame,
        owner: DomainId,
    ) -> Result<(), Error> {
        frame.get(owner)?;
        match frame.usage.acquire(self.0, Kind::Writable) {
            // A writable frame is never validated, so there is nothing to go on with.
            Ok(Acquired::Held | Acquired::First | Acquired::Resumed) => Ok(()),
            Err(error) => {
                self.put(mfn, frame);
                Err(error)
            }
        }
    }

    #[inline]
    pub(super) fn release_writable(self, frame: &Frame, stale: Stale) {
        // What is writable is no table, so nothing is left to devalidate.
        let _ = frame.usage.release(self.0, stale);
    }

    /// Drops a general reference, and frees the frame with the last one.
    #[inline]
    pub(super) fn put(self, mfn: Mfn, frame: &Frame) {
        if frame.put() {
            self.free(mfn, frame);
        }
    }

    /// Frees a frame that nobody else can reach: its last reference is gone.
    #[cold]
    fn free(self, mfn: Mfn, frame: &Frame) {
        let block = self.disown(mfn, frame);
        self.0.reclaim(block);
    }

    /// Takes a frame without references out of its owner's accounts.
    pub(super) fn disown(self, mfn: Mfn, frame: &Frame) -> Block {
        self.forget(mfn, frame);
        if frame.is_listed() {
            self.0.accounts(frame.owner(), |accounts| {
                accounts.unlist(self.0, mfn, frame)
            });
        }
        frame.make_private();
        Block::forge(mfn, 0)
    }

    /// The same for a frame on these accounts, which are locked. The caller makes blocks of such frames.
    pub(super) fn disown_listed(self, mfn: Mfn, frame: &Frame, accounts: &mut DomainMemory) {
        self.forget(mfn, frame);
        accounts.unlist(self.0, mfn, frame);
        frame.make_private();
    }

    fn forget(self, mfn: Mfn, frame: &Frame) {
        // A domain that could read it may still have it in a TLB, also where it was never
        // writable. The stamp is read when no entry is left, and nobody else writes it now.
        frame.usage.set_stale(self.0.tlb_now());
        self.0.set_m2p(mfn, None);
    }
}
