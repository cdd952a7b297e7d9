//! Page tables that take long to validate.

use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use ringwall_sdk::SharedPage;
use ringwall_sdk::abi::Mfn;
use ringwall_sdk::abi::memory::MemoryOp;
use ringwall_sdk::memory::entry::{Access, Level, branch, leaf};

use crate::memory::{LEVELS, pin, set_leaf, unpin};
use crate::page::{map, page, remap};
use crate::reservation::{current, reservation};
use crate::{Check, Verdict, equal, granted};

/// Entries of a table.
const ENTRIES: usize = 512;

/// A page of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Where it is mapped to be read.
    pub place: &'static SharedPage,
    /// Its frame.
    pub frame: Mfn,
    /// What it is to be.
    pub level: Level,
}

/// A root with one table of level 3, a few of level 2 in it, and in these as many of level 1 as they have
/// entries: all full. The leaves map the tree's own pages to be read. None of it is in use as a table yet.
#[derive(Debug)]
pub struct Tree {
    /// The root, level 3, level 2, level 1.
    tables: Vec<Table>,
}

impl Tree {
    /// A tree with so many tables of level 2, each of which stands for 513 pages.
    ///
    /// # Errors
    ///
    /// An error of the test where there is no memory, and what was refused.
    pub fn new(seconds: usize) -> Result<Self, Verdict> {
        let mut tables = Vec::new();
        let firsts = seconds * ENTRIES;
        for (level, count) in [
            (Level::L4, 1),
            (Level::L3, 1),
            (Level::L2, seconds),
            (Level::L1, firsts),
        ] {
            for _ in 0..count {
                let (place, frame) = page()?;
                tables.push(Table {
                    place,
                    frame,
                    level,
                });
            }
        }
        let tree = Self { tables };
        tree.write(0, 0, branch(tree.third().frame));
        for (index, second) in tree.at(Level::L2).enumerate() {
            tree.write(1, index, branch(second.frame));
        }
        for (index, first) in tree.at(Level::L1).enumerate() {
            tree.write(2 + index / ENTRIES, index % ENTRIES, branch(first.frame));
        }
        for first in 0..firsts {
            for entry in 0..ENTRIES {
                let target = tree.tables[(first + entry) % tree.tables.len()].frame;
                tree.write(2 + seconds + first, entry, leaf(target, Access::ReadOnly));
            }
        }
        for table in &tree.tables {
            map(table.place, table.frame, Access::ReadOnly)?;
        }
        Ok(tree)
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Table {
        self.tables[0]
    }

    /// The table of level 3.
    #[must_use]
    pub fn third(&self) -> Table {
        self.tables[1]
    }

    /// The table that is validated last.
    #[must_use]
    pub fn last(&self) -> Table {
        self.tables[self.tables.len() - 1]
    }

    /// Replaces the last entry of the last table, none of which is in use.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn set_last_entry(&self, value: u64) -> Result<u64, Verdict> {
        let last = self.last();
        map(last.place, last.frame, Access::ReadWrite)?;
        let word = last.place.u64((ENTRIES - 1) * 8);
        let before = word.swap(value, Ordering::SeqCst);
        map(last.place, last.frame, Access::ReadOnly)?;
        Ok(before)
    }

    /// Goes on if none of it is a table any more: each page can be mapped writable.
    ///
    /// # Errors
    ///
    /// The rule is broken: which one can't.
    pub fn is_free(&self) -> Check {
        for (index, table) in self.tables.iter().enumerate() {
            let what = || alloc::format!("page {index}, {:?}, as data", table.level);
            for access in [Access::ReadWrite, Access::ReadOnly] {
                let entry = leaf(table.frame, access);
                granted(what(), set_leaf(table.place.address(), entry, 2))?;
            }
        }
        Ok(())
    }

    /// Pins each page, emptied, at the level above its own, and takes the pins back.
    ///
    /// # Errors
    ///
    /// The rule is broken: which one can't be.
    pub fn changes_levels(&self) -> Check {
        for (index, table) in self.tables.iter().enumerate() {
            map(table.place, table.frame, Access::ReadWrite)?;
            for entry in 0..ENTRIES {
                table.place.u64(entry * 8).store(0, Ordering::SeqCst);
            }
            map(table.place, table.frame, Access::ReadOnly)?;
            let above = LEVELS.iter().position(|level| *level == table.level);
            let level = LEVELS[(above.unwrap_or(0) + 1) % LEVELS.len()];
            let what = format_args!("page {index}, {:?}, as {level:?}", table.level);
            granted(what, pin(table.frame, level))?;
            granted(what, unpin(table.frame))?;
        }
        Ok(())
    }

    /// Gives its pages back to the hypervisor, which takes only what nothing refers to.
    ///
    /// # Errors
    ///
    /// The rule is broken: it took fewer, or they stayed the domain's.
    pub fn give_back(self) -> Check {
        let before = current()?;
        let mut list = Vec::new();
        for table in &self.tables {
            remap(table.place, 0)?;
            list.push(table.frame.raw());
        }
        let answer = reservation(MemoryOp::DecreaseReservation, &mut list, 0);
        let given = granted("decrease_reservation", answer)?;
        equal("pages given back", given, list.len() as u64)?;
        equal("pages that are left", current()?, before - given)
    }

    fn at(&self, level: Level) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |table| table.level == level)
    }

    fn write(&self, table: usize, entry: usize, value: u64) {
        let word = self.tables[table].place.u64(entry * 8);
        word.store(value, Ordering::SeqCst);
    }
}
