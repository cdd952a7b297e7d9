//! The mapping of all memory behind the first, which grows as the heap does.
//!
//! The tables of this mapping come from a zone at its start that is large enough for all of them and
//! stays read-only: so a frame is never a table and writable at once, and the tables can be read.
// UNSAFETY: maps frames that nothing uses.
#![expect(unsafe_code)]

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::xen::{MmuExtCommand, MmuUpdate, MmuextOp};
use ringwall_abi::{ENTRIES_PER_TABLE, Mfn, PAGE_SHIFT, Pfn};
use spin::Mutex;

use super::entry::{Access, Level, branch, leaf};
use super::{DIRECT_BASE, bytes, frames};
use crate::hypercall;

/// Pages that one table of level 1 maps: 2 MiB.
const CHUNK: u64 = ENTRIES_PER_TABLE as u64;
/// Entries that are written by one hypercall.
const BATCH: usize = 64;

/// What is mapped, as addresses without the zone of tables; written under the lock alone.
static START: AtomicU64 = AtomicU64::new(0);
static END: AtomicU64 = AtomicU64::new(0);
/// Taken with the heap's lock held.
static GROWTH: Mutex<Growth> = Mutex::new(Growth {
    next: None,
    zone_end: 0,
    tables: [None; 3],
    taken: 0,
});

/// The addresses of the mapping.
pub(super) fn mapped() -> Range<u64> {
    START.load(Ordering::Acquire)..END.load(Ordering::Acquire)
}

/// Maps more, if possible enough for an aligned block of this size in bytes.
pub(super) fn grow(size: u64) -> Option<Range<u64>> {
    let mut growth = GROWTH.lock();
    growth.begin();
    let size = size.checked_next_power_of_two()?;
    let before = growth.usable_end();
    let enough = before.checked_next_multiple_of(size)?.checked_add(size)?;
    while growth.usable_end() < enough && growth.add_chunk().is_some() {}
    let after = growth.usable_end();
    if START.load(Ordering::Relaxed) == 0 {
        START.store(before, Ordering::Release);
    }
    END.store(after, Ordering::Release);
    (before < after).then_some(before..after)
}

struct Growth {
    /// The first frame that is not mapped yet.
    next: Option<u64>,
    /// The frame behind the zone of tables, from the end of the first mapping on.
    zone_end: u64,
    /// The newest tables of levels 3, 2 and 1, with the chunk, GiB or root slot that they are for.
    tables: [Option<(u64, Mfn)>; 3],
    /// Tables that were taken from the zone.
    taken: u64,
}

impl Growth {
    /// Sets the zone aside, the first time.
    fn begin(&mut self) {
        if self.next.is_none() {
            let start = frames::first_end().raw();
            let last = frames::count();
            self.next = Some(start);
            self.zone_end = (start + tables_for(start, last)).min(last);
        }
    }

    /// Where the part ends that the heap may use.
    fn usable_end(&self) -> u64 {
        let next = self.next.unwrap_or(0).max(self.zone_end);
        DIRECT_BASE + bytes(next)
    }

    /// Maps up to the next multiple of 2 MiB; `None` where no frames are left.
    fn add_chunk(&mut self) -> Option<()> {
        let start = self.next?;
        let end = (start + 1).next_multiple_of(CHUNK).min(frames::count());
        if start >= end {
            return None;
        }
        let table = self.table(start)?;
        let mut updates = [MmuUpdate::default(); BATCH];
        let mut frame = start;
        while frame < end {
            let mut count = 0;
            for update in &mut updates {
                if frame == end {
                    break;
                }
                let access = if frame < self.zone_end {
                    Access::ReadOnly
                } else {
                    Access::ReadWrite
                };
                let target = frames::mfn_of(Pfn::new(frame))?;
                *update = write(table, Level::L1, address(frame), leaf(target, access));
                frame += 1;
                count += 1;
            }
            // SAFETY: nothing was mapped at these addresses, and nobody uses these frames.
            unsafe { hypercall::mmu_update(updates.get(..count)?) }.ok()?;
        }
        self.next = Some(end);
        Some(())
    }

    /// The table of level 1 for a frame, made with those above it where they lack.
    fn table(&mut self, frame: u64) -> Option<Mfn> {
        let mut parent = frames::first_root()?;
        for (index, level) in [Level::L4, Level::L3, Level::L2].into_iter().enumerate() {
            let part = address(frame) >> level.shift();
            let kept = self.tables.get(index).copied().flatten();
            parent = match kept {
                Some((of, table)) if of == part => table,
                _ => {
                    let table = self.new_table(parent, level, frame)?;
                    *self.tables.get_mut(index)? = Some((part, table));
                    table
                }
            };
        }
        Some(parent)
    }

    /// An empty table, hooked into its parent.
    fn new_table(&mut self, parent: Mfn, level: Level, frame: u64) -> Option<Mfn> {
        let table = frames::mfn_of(Pfn::new(self.take_from_zone()?))?;
        let clear = [MmuextOp::new(MmuExtCommand::ClearPage, table.raw(), 0)];
        let hook = [write(parent, level, address(frame), branch(table))];
        // SAFETY: the frame is of the zone, which nobody uses.
        unsafe { hypercall::mmuext_op(&clear) }.ok()?;
        // SAFETY: nothing was mapped there.
        unsafe { hypercall::mmu_update(&hook) }.ok()?;
        Some(table)
    }

    fn take_from_zone(&mut self) -> Option<u64> {
        let frame = frames::first_end().raw() + self.taken;
        self.taken += 1;
        (frame < self.zone_end).then_some(frame)
    }
}

fn address(frame: u64) -> u64 {
    DIRECT_BASE + bytes(frame)
}

/// The write of the entry for an address.
fn write(table: Mfn, level: Level, address: u64, entry: u64) -> MmuUpdate {
    MmuUpdate {
        ptr: (table.raw() << PAGE_SHIFT) + level.index(address) as u64 * 8,
        val: entry,
    }
}

/// How many tables map the frames from `start` to `end`.
fn tables_for(start: u64, end: u64) -> u64 {
    [Level::L2, Level::L3, Level::L4]
        .map(|level| {
            let pages = level.shift() - PAGE_SHIFT;
            match end.checked_sub(1) {
                Some(last) if last >= start => (last >> pages) - (start >> pages) + 1,
                _ => 0,
            }
        })
        .iter()
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_counted_by_level() {
        for (start, end, count) in [
            (0, 0, 0),
            (5, 5, 0),
            (0, 1, 3),
            (511, 513, 4),
            (0, 512 * 512, 512 + 1 + 1),
            (1024, 131_072, 254 + 1 + 1),
        ] {
            assert_eq!(tables_for(start, end), count, "{start}..{end}");
        }
    }
}
