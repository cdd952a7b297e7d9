//! Writes to whatever frame a guest names.

use ringwall_abi::DomainId;

use super::entry::{Entry, EntryAddress, Level};
use super::error::Error;
use super::leaf::{Flush, Keep, Reach};
use super::machine::{Machine, Memory};
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
            Some(Level::L1) if word.count() != 0 => {
                let table = self.hold_table(table, Level::L1, owner)?;
                let reach = Reach::Anywhere;
                let outcome = self.update_l1_entry(&table, index, new, keep, source, reach);
                self.let_go(table);
                outcome
            }
            Some(level) if word.count() != 0 => {
                self.finish(unfinished)?;
                let table = self.hold_table(table, level, owner)?;
                let outcome = self.update_upper_entry(&table, index, new, keep, unfinished);
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
}
