//! Page tables: read, made, and written entry by entry or many at once.
// UNSAFETY: changes mappings, and reads tables where they are mapped.
#![expect(unsafe_code)]

use alloc::vec::Vec;
use core::mem::ManuallyDrop;
use core::sync::atomic::Ordering;

use ringwall_abi::xen::MmuUpdate;
use ringwall_abi::{ENTRIES_PER_TABLE, MachineAddress, Mfn, PAGE_SHIFT};

use super::entry::{Access, Level, branch, target};
use super::{Error, Page, frames};
use crate::hypercall;
use crate::raw::page;

/// Entries that one hypercall writes at most.
const BATCH: usize = 64;

/// The place of an entry: a table's frame, and an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    table: Mfn,
    index: usize,
}

impl Slot {
    /// An entry of a table; `None` for an index above 511.
    #[must_use]
    pub const fn new(table: Mfn, index: usize) -> Option<Self> {
        if index < ENTRIES_PER_TABLE {
            Some(Self { table, index })
        } else {
            None
        }
    }

    /// Where the machine has it, as `mmu_update` wants it.
    #[must_use]
    pub const fn address(self) -> MachineAddress {
        MachineAddress::new((self.table.raw() << PAGE_SHIFT) + self.index as u64 * 8)
    }

    /// What it holds; `None` where the table is not the guest's, or not mapped.
    #[must_use]
    pub fn read(self) -> Option<u64> {
        let address = frames::address_of(frames::pfn_of(self.table)?)?;
        // SAFETY: the guest's memory is mapped there for good; a table is read as words.
        let entries = unsafe { page::words(address, ENTRIES_PER_TABLE) };
        Some(entries.get(self.index)?.load(Ordering::Relaxed))
    }
}

/// The root table of the kernel.
#[must_use]
pub fn kernel_root() -> Mfn {
    frames::first_root().unwrap_or(Mfn::INVALID)
}

/// The place of the entry of this level for an address, under this root; `None` where a table above is
/// missing.
#[must_use]
pub fn slot(root: Mfn, address: u64, level: Level) -> Option<Slot> {
    let mut table = root;
    for above in [Level::L4, Level::L3, Level::L2, Level::L1] {
        let slot = Slot::new(table, above.index(address))?;
        if above == level {
            return Some(slot);
        }
        table = target(slot.read()?)?;
    }
    None
}

/// The leaf entry that the kernel's tables have for an address; 0 where they have none.
#[must_use]
pub fn lookup(address: u64) -> u64 {
    let leaf = slot(kernel_root(), address, Level::L1).and_then(Slot::read);
    leaf.unwrap_or(0)
}

/// A page that is a table, or can be one: mapped read-only, and zero at first.
#[derive(Debug)]
pub struct Table(ManuallyDrop<Page>);

impl Table {
    /// An empty table, of no level yet: it gets one where it is hooked in or pinned.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`], or the hypervisor's answer.
    pub fn new() -> Result<Self, Error> {
        let page = Page::new().ok_or(Error::NoMemory)?;
        page.protect(Access::ReadOnly)?;
        Ok(Self(ManuallyDrop::new(page)))
    }

    /// Its frame.
    #[must_use]
    pub fn frame(&self) -> Mfn {
        self.0.frame()
    }
}

impl Drop for Table {
    /// Frees the page, unless it is a table still: then it stays one for good.
    fn drop(&mut self) {
        if self.0.protect(Access::ReadWrite).is_ok() {
            // SAFETY: `self` is not used again.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

/// The place of the leaf entry for an address under a root, with the tables above it made where they are
/// missing; new ones are added to `tables`.
///
/// # Errors
///
/// [`Error::NoMemory`], or the hypervisor's answer.
pub(crate) fn make_slot(root: Mfn, address: u64, tables: &mut Vec<Table>) -> Result<Slot, Error> {
    let mut parent = root;
    for level in [Level::L4, Level::L3, Level::L2] {
        let slot = Slot::new(parent, level.index(address)).ok_or(Error::BadAddress)?;
        let entry = slot.read().ok_or(Error::BadAddress)?;
        parent = match target(entry) {
            Some(table) => table,
            None => {
                let table = Table::new()?;
                tables.try_reserve(1).map_err(|_| Error::NoMemory)?;
                let frame = table.frame();
                // SAFETY: nothing was mapped there, and an empty table maps nothing.
                unsafe { write(slot, branch(frame)) }?;
                tables.push(table);
                frame
            }
        };
    }
    Slot::new(parent, Level::L1.index(address)).ok_or(Error::BadAddress)
}

/// Writes an entry, and flushes nothing.
///
/// # Safety
///
/// No memory that Rust uses may lose its mapping, or get another one that is used.
///
/// # Errors
///
/// The hypervisor's answer.
pub unsafe fn write(slot: Slot, entry: u64) -> Result<(), Error> {
    let update = MmuUpdate {
        ptr: slot.address().raw(),
        val: entry,
    };
    // SAFETY: as the caller promises.
    unsafe { hypercall::mmu_update(&[update]) }?;
    Ok(())
}

/// Entries that are written together: by one hypercall for each 64.
#[derive(Debug)]
pub struct Batch {
    updates: [MmuUpdate; BATCH],
    count: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            updates: [MmuUpdate::default(); BATCH],
            count: 0,
        }
    }

    /// Adds an entry; writes all where there are enough.
    ///
    /// # Safety
    ///
    /// As of [`write()`].
    ///
    /// # Errors
    ///
    /// The hypervisor's answer; what was added before the bad entry is written.
    pub unsafe fn add(&mut self, slot: Slot, entry: u64) -> Result<(), Error> {
        if self.count == BATCH {
            self.flush()?;
        }
        if let Some(place) = self.updates.get_mut(self.count) {
            *place = MmuUpdate {
                ptr: slot.address().raw(),
                val: entry,
            };
            self.count += 1;
        }
        Ok(())
    }

    /// Writes what was added.
    ///
    /// # Errors
    ///
    /// The hypervisor's answer; what was added before the bad entry is written.
    pub fn flush(&mut self) -> Result<(), Error> {
        let updates = self.updates.get(..self.count).unwrap_or_default();
        self.count = 0;
        if !updates.is_empty() {
            // SAFETY: who added them has promised.
            unsafe { hypercall::mmu_update(updates) }?;
        }
        Ok(())
    }
}
