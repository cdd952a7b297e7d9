//! Writes to whatever frame a guest names.

use ringwall_abi::DomainId;

use super::entry::{Entry, EntryAddress, EntryIndex, Level};
use super::error::Error;
use super::leaf::{Flush, Keep, Reach};
use super::machine::{Machine, Memory};
use super::reference::TypeReference;
use super::table::Unfinished;
use super::tlb::Stale;

impl<M: Machine> Memory<'_, M> {
    /// Writes an entry wherever it lies: by the rules of its level in a frame of `owner` that is a
    /// table, and as it is in one that may be written. `source` owns the frame that an entry of
    /// level 1 maps.
    ///
    /// # Errors
    /// Those of [`update_l1_entry`](Self::update_l1_entry),
    /// [`update_upper_entry`](Self::update_upper_entry) and [`get_writable`](Self::get_writable).
    #[doc(alias = "mmu_update")]
    #[inline]
    pub fn update_entry(
        self,
        place: EntryAddress,
        new: Entry,
        keep: Keep,
        owner: DomainId,
        source: DomainId,
        unfinished: &mut Unfinished,
    ) -> Result<Flush, Error> {
        let EntryAddress { table, index } = place;
        let frame = self.0.frame(table).ok_or(Error::NotOwned)?;
        let word = frame.word();
        match word.kind().level() {
            Some(level) if word.count() != 0 => {
                let table = self.hold_table(table, level, owner)?;
                let outcome = self.update_table_entry(&table, index, new, keep, source, unfinished);
                self.let_go(table);
                outcome
            }
            _ => {
                self.acquire_writable(table, frame, owner)?;
                self.0.swap_entry(table, index, new);
                self.release_writable(frame, Stale::Flushed);
                self.put(table, frame);
                Ok(Flush::Nothing)
            }
        }
    }

    /// Writes an entry of a table that is held, by the rules of its level: for a batch of entries of
    /// one table, which then is looked up once.
    ///
    /// # Errors
    /// Those of [`update_l1_entry`](Self::update_l1_entry) and
    /// [`update_upper_entry`](Self::update_upper_entry).
    #[inline]
    pub fn update_table_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        new: Entry,
        keep: Keep,
        source: DomainId,
        unfinished: &mut Unfinished,
    ) -> Result<Flush, Error> {
        match table.level() {
            Level::L1 => self.update_l1_entry(table, index, new, keep, source, Reach::Anywhere),
            Level::L2 | Level::L3 | Level::L4 => {
                self.update_upper_entry(table, index, new, keep, unfinished)
            }
        }
    }
}
