//! Walks over the entries of a table.

use ringwall_abi::{DomainId, Mfn};

use super::entry::{Entry, EntryIndex, Level};
use super::error::Error;
use super::frame::Frame;
use super::kind::Kind;
use super::machine::{Machine, Memory};
use super::tlb::Stale;

impl<M: Machine> Memory<'_, M> {
    /// Takes references for the entries from `progress` on. On an error: how far it got.
    pub(super) fn validate(
        self,
        mfn: Mfn,
        level: Level,
        owner: DomainId,
        progress: u16,
    ) -> Result<(), (Error, u16)> {
        match level.below() {
            None => self.validate_each(mfn, level, progress, |entry, held| {
                self.validate_leaf(mfn, entry, owner, held)
            }),
            Some(below) => self.validate_each(mfn, level, progress, |entry, held| {
                self.validate_link(level, below, entry, owner, held)
            }),
        }
    }

    /// Has `admit` take the reference of each entry that is in use, unless it is held already, and
    /// gives the entry the bits that the policy wants.
    #[inline(always)]
    fn validate_each(
        self,
        mfn: Mfn,
        level: Level,
        progress: u16,
        admit: impl Fn((EntryIndex, Entry), bool) -> Result<Entry, Error>,
    ) -> Result<(), (Error, u16)> {
        let mut steps = Steps::new(level);
        for index in EntryIndex::starting_at(progress) {
            let mut entry = self.0.read_entry(mfn, index);
            if entry == Entry::NONE || level.is_reserved(index) {
                continue;
            }
            let mut held = false;
            loop {
                let admitted = admit((index, entry), held).map_err(|error| (error, index.raw()))?;
                held = true;
                if admitted == entry {
                    break;
                }
                // A walk that is left over from an earlier life of the table may set accessed and
                // dirty bits meanwhile, and each only once.
                match self.0.compare_exchange_entry(mfn, index, entry, admitted) {
                    Ok(()) => break,
                    Err(now) => entry = now,
                }
            }
            if steps.is_over() && index != EntryIndex::LAST && self.0.should_preempt() {
                return Err((Error::Preempted, index.raw() + 1));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn validate_leaf(
        self,
        table: Mfn,
        (_, entry): (EntryIndex, Entry),
        owner: DomainId,
        held: bool,
    ) -> Result<Entry, Error> {
        let entry = self.0.policy().leaf(entry)?;
        if !held {
            self.acquire_leaf(entry, table, owner)?;
        }
        Ok(entry)
    }

    #[inline(never)]
    fn validate_link(
        self,
        level: Level,
        below: Level,
        (index, entry): (EntryIndex, Entry),
        owner: DomainId,
        held: bool,
    ) -> Result<Entry, Error> {
        let entry = self.0.policy().upper(entry)?;
        if held || !entry.is_present() {
            return Ok(entry);
        }
        let frame = self.0.frame(entry.frame()).ok_or(Error::NotOwned)?;
        self.acquire_table(entry.frame(), frame, below, owner)?;
        if level == Level::L4 {
            frame.add_slot(index.raw());
        }
        Ok(entry)
    }

    /// Drops the references of the entries below `progress`. On an interruption: how far it got.
    pub(super) fn devalidate(
        self,
        mfn: Mfn,
        frame: &Frame,
        level: Level,
        progress: u16,
        stale: Stale,
    ) -> Result<(), u16> {
        let owner = frame.owner();
        // The table at the edge is nobody's if it is partial, so it is ours to finish.
        if let (Some(below), Some(edge)) = (level.below(), EntryIndex::new(progress)) {
            let entry = self.0.read_entry(mfn, edge);
            if entry.is_present() && !level.is_reserved(edge) {
                self.finish_below(entry.frame(), below, owner)
                    .map_err(|_| progress)?;
            }
        }
        match level {
            Level::L1 => self.devalidate_each(mfn, level, progress, |entry| {
                self.release_leaf(entry, stale);
                Ok(())
            }),
            Level::L2 | Level::L3 | Level::L4 => {
                self.devalidate_each(mfn, level, progress, |entry| {
                    match self.0.frame(entry.frame()) {
                        Some(frame) => self.release_table(entry.frame(), frame, stale),
                        None => Ok(()),
                    }
                })
            }
        }
    }

    #[inline(always)]
    fn devalidate_each(
        self,
        mfn: Mfn,
        level: Level,
        progress: u16,
        release: impl Fn(Entry) -> Result<(), Error>,
    ) -> Result<(), u16> {
        let mut steps = Steps::new(level);
        for index in EntryIndex::below(progress).rev() {
            let entry = self.0.read_entry(mfn, index);
            if !entry.is_present() || level.is_reserved(index) {
                continue;
            }
            release(entry).map_err(|_| index.raw())?;
            if steps.is_over() && index != EntryIndex::FIRST && self.0.should_preempt() {
                return Err(index.raw());
            }
        }
        Ok(())
    }

    fn finish_below(self, mfn: Mfn, level: Level, owner: DomainId) -> Result<(), Error> {
        match self.0.frame(mfn) {
            Some(frame) if frame.word().kind() == Kind::from(level) => {
                self.finish_table(mfn, owner)
            }
            _ => Ok(()),
        }
    }
}

/// Counts the work of a walk over a table, between two looks at [`Machine::should_preempt`]: a
/// table below it is worth a look, and so are a few dozen pages.
struct Steps {
    left: u16,
    each: u16,
}

impl Steps {
    /// Tests look closer.
    const LEAVES: u16 = if cfg!(test) { 2 } else { 64 };

    const fn new(level: Level) -> Self {
        let each = match level {
            Level::L1 => Self::LEAVES,
            Level::L2 | Level::L3 | Level::L4 => 1,
        };
        Self { left: each, each }
    }

    /// Counts a present entry; whether it is time for a look.
    const fn is_over(&mut self) -> bool {
        self.left -= 1;
        if self.left != 0 {
            return false;
        }
        self.left = self.each;
        true
    }
}
