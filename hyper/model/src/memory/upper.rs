//! Entries of levels 2 to 4.

use super::entry::{Entry, EntryIndex, Level};
use super::error::Error;
use super::leaf::{ATTEMPTS, Flush, Keep};
use super::machine::{Machine, Memory};
use super::policy::Change;
use super::reference::TypeReference;
use super::table::Unfinished;
use super::tlb::Stale;

impl<M: Machine> Memory<'_, M> {
    /// Writes an entry of a table of level 2 to 4. The new entry names a table of the level below,
    /// of the same owner, which is validated if it is not in use yet.
    ///
    /// # Errors
    /// [`Error::BadLevel`]: the table is of level 1. [`Error::BadPlace`]: a slot of the hypervisor.
    /// [`Error::BadFlags`], [`Error::L1tf`], [`Error::NotOwned`], [`Error::TypeConflict`],
    /// [`Error::Overflow`]: about the new entry, or one below it. [`Error::Preempted`]: run it
    /// again.
    pub fn update_upper_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        new: Entry,
        keep: Keep,
        unfinished: &mut Unfinished,
    ) -> Result<Flush, Error> {
        self.finish(unfinished)?;
        let level = table.level();
        let (new, below) = self.admit_upper(level, index, new)?;
        for _ in 0..ATTEMPTS {
            let old = self.0.read_entry(table.mfn(), index);
            let next = keep.apply(old, new);
            if self
                .replace_upper(table, index, below, old, next, unfinished)?
                .is_ok()
            {
                return Ok(Flush::after(old, level));
            }
            // What was given back may be half way, and there is room for one.
            self.finish(unfinished)?;
        }
        Err(Error::Preempted)
    }

    /// Writes an entry of a table of level 2 to 4 if it is still `expected`: for an emulated
    /// `cmpxchg`. The entry that was there; it was replaced if that is `expected`.
    ///
    /// # Errors
    /// Those of [`update_upper_entry`](Self::update_upper_entry), also where the entry is not as
    /// expected.
    pub fn compare_exchange_upper_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        expected: Entry,
        new: Entry,
        unfinished: &mut Unfinished,
    ) -> Result<Entry, Error> {
        self.finish(unfinished)?;
        let (new, below) = self.admit_upper(table.level(), index, new)?;
        let outcome = self.replace_upper(table, index, below, expected, new, unfinished)?;
        Ok(match outcome {
            Ok(()) => expected,
            Err(now) => now,
        })
    }

    fn admit_upper(
        self,
        level: Level,
        index: EntryIndex,
        new: Entry,
    ) -> Result<(Entry, Level), Error> {
        let below = level.below().ok_or(Error::BadLevel)?;
        if level.is_reserved(index) {
            return Err(Error::BadPlace);
        }
        Ok((self.0.policy().upper(new)?, below))
    }

    /// Replaces `old` by `new`, or says what is there instead.
    fn replace_upper(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        below: Level,
        old: Entry,
        new: Entry,
        unfinished: &mut Unfinished,
    ) -> Result<Result<(), Entry>, Error> {
        let mfn = table.mfn();
        if Change::of_upper(old, new) == Change::Unchecked {
            return Ok(self.0.compare_exchange_entry(mfn, index, old, new));
        }
        if new.is_present() {
            let target = self
                .get_table(new.frame(), below, self.owner_of(mfn), unfinished)?
                .consume();
            if let (Level::L4, Some(frame)) = (table.level(), self.0.frame(target)) {
                frame.add_slot(index.raw());
            }
        }
        let outcome = self.0.compare_exchange_entry(mfn, index, old, new);
        let (gone, stale) = match outcome {
            Ok(()) => (old, Stale::Now),
            Err(_) => (new, Stale::Flushed),
        };
        if gone.is_present() {
            self.put_table(TypeReference::forge(gone.frame(), below), stale, unfinished);
        }
        Ok(outcome)
    }
}
