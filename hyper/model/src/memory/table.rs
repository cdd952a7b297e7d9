//! Page tables: validation and its reverse, both of which can be interrupted.
//!
//! A half-done table is *partial*: entries below its progress index hold their references, the
//! others hold none, and the frame itself owns one type and one general reference. That says all
//! there is to know, whichever way the work was going, so anyone may take it up again in either
//! direction. Recursion is over levels only: a table points to tables of the level below, so it is
//! at most four deep, and a table that points to one of its own level is a type conflict.

use ringwall_abi::{DomainId, Mfn};

use super::entry::{EntryIndex, Level};
use super::error::Error;
use super::frame::{Frame, Slot};
use super::kind::Kind;
use super::machine::{Machine, Memory};
use super::reference::TypeReference;
use super::tlb::Stale;
use super::usage::{Acquired, Released};

/// A table whose devalidation was interrupted. One per virtual CPU.
///
/// An operation that has taken a table out of use says that it is done, although the table may
/// still hold references; this value remembers it. [`Memory::finish`] goes on with it: call it
/// before each operation that takes this value, and before going back to the guest. If it is lost,
/// nothing breaks; the table holds its references until [`Memory::relinquish`].
#[derive(Debug, Default)]
pub struct Unfinished {
    table: Option<(Mfn, DomainId)>,
}

impl Unfinished {
    /// Nothing is left to do.
    #[must_use]
    pub const fn new() -> Self {
        Self { table: None }
    }

    /// Whether nothing is left to do.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.table.is_none()
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Takes a reference to a table of `owner`, validating it and what hangs below it if it is not
    /// in use yet.
    ///
    /// # Errors
    /// [`Error::Preempted`]: run it again, what was done is kept. Any other error says why the
    /// table, or one below it, can't be one; it is nobody's table then, or, where the way back was
    /// interrupted too, will be when `unfinished` is.
    pub fn get_table(
        self,
        mfn: Mfn,
        level: Level,
        owner: DomainId,
        unfinished: &mut Unfinished,
    ) -> Result<TypeReference<Level>, Error> {
        self.finish(unfinished)?;
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        match self.acquire_table(mfn, frame, level, owner) {
            Ok(()) => Ok(TypeReference::forge(mfn, level)),
            Err(error) => {
                // The way back may have been interrupted: the guest has its answer, yet the rest is to
                // be done. A half-done table of another level is not this way back, but what somebody
                // else is at.
                if error != Error::Preempted && frame.word().kind() == Kind::from(level) {
                    unfinished.note(mfn, owner, frame);
                }
                Err(error)
            }
        }
    }

    /// Takes a reference to a table of `owner` that is in use as one already.
    ///
    /// # Errors
    /// [`Error::NotOwned`], [`Error::TypeConflict`] where it is not, or only half one,
    /// [`Error::Overflow`], and [`Error::Preempted`] while another CPU validates it.
    #[inline]
    pub fn hold_table(
        self,
        mfn: Mfn,
        level: Level,
        owner: DomainId,
    ) -> Result<TypeReference<Level>, Error> {
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        frame.get(owner)?;
        match frame.usage.acquire_valid(level.into()) {
            Ok(()) => Ok(TypeReference::forge(mfn, level)),
            Err(error) => {
                self.put(mfn, frame);
                Err(error)
            }
        }
    }

    /// Takes a reference to a table of `owner`, of whatever level it is in use as.
    ///
    /// # Errors
    /// Those of [`hold_table`](Self::hold_table).
    #[inline]
    pub fn hold_any_table(self, mfn: Mfn, owner: DomainId) -> Result<TypeReference<Level>, Error> {
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        let level = frame.word().kind().level().ok_or(Error::TypeConflict)?;
        self.hold_table(mfn, level, owner)
    }

    /// Gives a reference to a table back. With the last one the table's entries give theirs back,
    /// and what is left of that when it is interrupted goes to `unfinished`.
    ///
    /// `stale` is about translations through what this reference stood for: [`Stale::Flushed`] for
    /// one that stood for no entry, and for a root after the next write of each CR3 that held it.
    pub fn put_table(self, table: TypeReference<Level>, stale: Stale, unfinished: &mut Unfinished) {
        let mfn = table.consume();
        if let Some(frame) = self.0.frame(mfn) {
            let owner = frame.owner();
            if self.release_table(mfn, frame, stale).is_err() {
                unfinished.note(mfn, owner, frame);
            }
        }
    }

    /// Gives back a reference that can't be the last one, since something else refers to the table:
    /// a reference that was held while an entry was written.
    #[inline]
    pub fn let_go(self, table: TypeReference<Level>) {
        let mfn = table.consume();
        if let Some(frame) = self.0.frame(mfn) {
            // If the guest took everything else away meanwhile from another CPU, the table is left
            // partial at worst, for `relinquish` to find.
            let _ = self.release_table(mfn, frame, Stale::Flushed);
        }
    }

    /// Goes on with what was interrupted.
    ///
    /// # Errors
    /// [`Error::Preempted`]: there is more to do.
    #[inline]
    pub fn finish(self, unfinished: &mut Unfinished) -> Result<(), Error> {
        match unfinished.table {
            None => Ok(()),
            Some((mfn, owner)) => {
                self.finish_table(mfn, owner)?;
                unfinished.table = None;
                Ok(())
            }
        }
    }

    /// Devalidates a table if it is partial.
    #[cold]
    pub(super) fn finish_table(self, mfn: Mfn, owner: DomainId) -> Result<(), Error> {
        let Some(frame) = self.0.frame(mfn) else {
            return Ok(());
        };
        // A reference of our own, so that it stays the frame that we look at. Where there is none
        // to be had, the table was finished by someone else, and freed.
        if frame.hold(owner).is_none() {
            return Ok(());
        }
        let outcome = match frame.usage.take_partial() {
            Some(level) => self.dismantle_partial(mfn, frame, level),
            None => Ok(()),
        };
        self.put(mfn, frame);
        outcome
    }

    /// Devalidates a table that was partial and is busy now, and drops what it owned.
    pub(super) fn dismantle_partial(
        self,
        mfn: Mfn,
        frame: &Frame,
        level: Level,
    ) -> Result<(), Error> {
        self.dismantle(mfn, frame, level, frame.progress())
    }

    /// Takes one general and one type reference.
    pub(super) fn acquire_table(
        self,
        mfn: Mfn,
        frame: &Frame,
        level: Level,
        owner: DomainId,
    ) -> Result<(), Error> {
        frame.get(owner)?;
        let progress = match frame.usage.acquire(self.0, level.into()) {
            Ok(Acquired::Held) => return Ok(()),
            Ok(Acquired::First) => {
                self.begin_table(mfn, frame, level);
                0
            }
            Ok(Acquired::Resumed) => {
                // Our own reference is one too many: the partial table's becomes ours.
                self.put(mfn, frame);
                frame.progress()
            }
            Err(error) => {
                self.put(mfn, frame);
                return Err(error);
            }
        };
        match self.validate(mfn, level, owner, progress) {
            Ok(()) => {
                frame.usage.publish();
                Ok(())
            }
            Err((Error::Preempted, reached)) => {
                frame.suspend(reached);
                Err(Error::Preempted)
            }
            Err((error, reached)) => {
                // Where this is interrupted, the caller has `unfinished` note it.
                let _ = self.dismantle(mfn, frame, level, reached);
                Err(error)
            }
        }
    }

    /// Prepares a frame that nobody can write any more.
    fn begin_table(self, mfn: Mfn, frame: &Frame, level: Level) {
        match level {
            Level::L4 => self.0.install_hypervisor_slots(mfn),
            Level::L3 => {
                // Translations may be left from when it hung elsewhere.
                let fresh = self.has_no_translations(frame);
                frame.set_slot(if fresh { Slot::Nowhere } else { Slot::Several });
            }
            Level::L1 | Level::L2 => {}
        }
    }

    /// Whether every translation that was made through references already released is gone.
    pub(super) fn has_no_translations(self, frame: &Frame) -> bool {
        frame
            .word()
            .stale_since()
            .is_none_or(|since| self.0.has_flushed_since(since))
    }

    /// Drops the references of the entries below `progress`, then the table's own two.
    ///
    /// Each translation through the table was made while the table was in use, so the table's own
    /// stamp is good for its entries too: to take down a root that was not loaded for a while costs
    /// no flush at all.
    fn dismantle(self, mfn: Mfn, frame: &Frame, level: Level, progress: u16) -> Result<(), Error> {
        let stale = frame
            .word()
            .stale_since()
            .map_or(Stale::Flushed, Stale::Since);
        if let Err(reached) = self.devalidate(mfn, frame, level, progress, stale) {
            frame.suspend(reached);
            return Err(Error::Preempted);
        }
        frame.usage.end();
        self.put(mfn, frame);
        Ok(())
    }

    /// Drops one general and one type reference.
    #[inline]
    pub(super) fn release_table(self, mfn: Mfn, frame: &Frame, stale: Stale) -> Result<(), Error> {
        match frame.usage.release(self.0, stale) {
            Released::Done => {
                self.put(mfn, frame);
                Ok(())
            }
            Released::Last(level) => self.dismantle(mfn, frame, level, EntryIndex::COUNT),
        }
    }
}

impl Unfinished {
    /// Remembers a table, if it is partial.
    pub(super) fn note(&mut self, mfn: Mfn, owner: DomainId, frame: &Frame) {
        if frame.word().is_partial() {
            self.table = Some((mfn, owner));
        }
    }
}
