//! Page tables of the initial address space.
//!
//! A table at any level covers a range of addresses, and tables of one level that cover
//! neighbouring ranges are neighbouring frames. So a mapping is a handful of [`Run`]s: leaf pages,
//! and for each level the tables below it. Each target has exactly one entry that points to it,
//! whose table is found in the run one level up.

use core::ops::Range;

use ringwall_abi::{PAGE_SHIFT, Pfn};

use super::Element;

/// log2 of the entries in a table.
const INDEX_BITS: u32 = 9;
/// The level of the root table.
const ROOT_LEVEL: u8 = 4;
/// Address bits that four levels translate.
const ADDRESS_MASK: u64 = (1 << (PAGE_SHIFT + 4 * INDEX_BITS)) - 1;
/// Levels with entries to fill, of each of two windows.
const RUNS: usize = 2 * ROOT_LEVEL as usize;

/// What the guest may do through an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read only: the target is a page table.
    ReadOnly,
    /// Read and write.
    ReadWrite,
}

/// One entry of an initial page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// Level of the table that holds the entry: 1 for the one with leaf entries, 4 for the root.
    pub level: u8,
    /// The table that holds the entry.
    pub table: Pfn,
    /// The entry's place in the table, 0..=511.
    pub index: u16,
    /// The frame it points to: a page at level 1, else a table of the level below.
    pub target: Pfn,
    /// What it allows. Entries above level 1 always say [`Access::ReadWrite`].
    pub access: Access,
}

/// Neighbouring targets of entries of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Run {
    /// Level of the entries.
    level: u8,
    /// Number of the first entry, counted through the whole address space.
    first: u64,
    /// How many.
    count: u64,
    /// The first target.
    target: u64,
}

impl Run {
    fn find(&self, number: u64) -> Option<u64> {
        let offset = number.checked_sub(self.first)?;
        (offset < self.count).then(|| self.target.saturating_add(offset))
    }
}

/// Numbers of the entries of a level that lead to a range of addresses.
fn entries(level: u8, window: &Range<u64>) -> Range<u64> {
    if window.is_empty() {
        return 0..0;
    }
    let shift = PAGE_SHIFT + INDEX_BITS * (u32::from(level) - 1);
    let last = window.end - 1;
    (window.start & ADDRESS_MASK) >> shift..((last & ADDRESS_MASK) >> shift) + 1
}

/// How many tables a range of addresses needs, with the root.
pub(super) fn count_tables(window: &Range<u64>) -> u64 {
    let below_root = (2..=ROOT_LEVEL).map(|level| {
        let numbers = entries(level, window);
        numbers.end - numbers.start
    });
    below_root.sum::<u64>() + 1
}

/// All initial mappings: the region, and a relocated p2m list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tables {
    root: u64,
    runs: [Run; RUNS],
    used: usize,
    next_table: u64,
}

impl Tables {
    /// Maps `window` to the frames from 0 on; the root is `first_table`, other tables follow it.
    pub(super) fn new(window: &Range<u64>, first_table: u64) -> Self {
        let mut tables = Self {
            root: first_table,
            runs: [Run::default(); RUNS],
            used: 0,
            next_table: first_table.saturating_add(1),
        };
        tables.map(window, 0);
        tables
    }

    /// Maps another `window`, apart from the first, to the frames from `target` on; the tables that
    /// are missing are taken from `first_table` on. Answers with their number.
    pub(super) fn add(&mut self, window: &Range<u64>, target: u64, first_table: u64) -> u64 {
        self.next_table = first_table;
        self.map(window, target);
        self.next_table.saturating_sub(first_table)
    }

    fn map(&mut self, window: &Range<u64>, target: u64) {
        // Upper levels first: the root of the region comes first, then its L3 tables, and so on.
        for level in (2..=ROOT_LEVEL).rev() {
            let numbers = self.missing(level, entries(level, window));
            let count = numbers.end.saturating_sub(numbers.start);
            self.push(Run {
                level,
                first: numbers.start,
                count,
                target: self.next_table,
            });
            self.next_table = self.next_table.saturating_add(count);
        }
        let pages = entries(1, window);
        let count = pages.end.saturating_sub(pages.start);
        self.push(Run {
            level: 1,
            first: pages.start,
            count,
            target,
        });
    }

    /// The part of `numbers` that no run has. Windows don't overlap, so they share a table only
    /// where one ends and the other begins, and what remains is one range.
    fn missing(&self, level: u8, mut numbers: Range<u64>) -> Range<u64> {
        while !numbers.is_empty() && self.find(level, numbers.start).is_some() {
            numbers.start += 1;
        }
        while !numbers.is_empty() && self.find(level, numbers.end - 1).is_some() {
            numbers.end -= 1;
        }
        numbers
    }

    fn push(&mut self, run: Run) {
        if let Some(slot) = self.runs.get_mut(self.used) {
            *slot = run;
            self.used += 1;
        }
    }

    /// The target of an entry.
    fn find(&self, level: u8, number: u64) -> Option<u64> {
        self.runs
            .iter()
            .filter(|run| run.level == level)
            .find_map(|run| run.find(number))
    }

    /// The table that holds an entry.
    fn holder(&self, level: u8, number: u64) -> Option<u64> {
        match level {
            ROOT_LEVEL => Some(self.root),
            _ => self.find(level + 1, number >> INDEX_BITS),
        }
    }
}

/// The entries of all initial page tables, each once, those of the lowest level first.
///
/// Entries that it doesn't name are zero.
#[derive(Clone, Debug)]
pub struct TableEntries<'a> {
    tables: &'a Tables,
    read_only: Element,
    level: u8,
    run: usize,
    offset: u64,
}

impl<'a> TableEntries<'a> {
    /// `read_only` is what must not be mapped writable.
    pub(super) const fn new(tables: &'a Tables, read_only: Element) -> Self {
        Self {
            tables,
            read_only,
            level: 1,
            run: 0,
            offset: 0,
        }
    }

    fn entry(&self, run: &Run) -> Option<TableEntry> {
        let number = run.first.checked_add(self.offset)?;
        let target = Pfn::new(run.find(number)?);
        let read_only = run.level == 1 && self.read_only.contains(target);
        Some(TableEntry {
            level: run.level,
            table: Pfn::new(self.tables.holder(run.level, number)?),
            index: u16::try_from(number & ((1 << INDEX_BITS) - 1)).ok()?,
            target,
            access: if read_only {
                Access::ReadOnly
            } else {
                Access::ReadWrite
            },
        })
    }
}

impl Iterator for TableEntries<'_> {
    type Item = TableEntry;

    fn next(&mut self) -> Option<TableEntry> {
        while self.level <= ROOT_LEVEL {
            let Some(run) = self.tables.runs.get(self.run) else {
                self.level += 1;
                self.run = 0;
                continue;
            };
            if run.level == self.level
                && let Some(entry) = self.entry(run)
            {
                self.offset += 1;
                return Some(entry);
            }
            self.run += 1;
            self.offset = 0;
        }
        None
    }
}
