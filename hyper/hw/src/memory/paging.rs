//! The hypervisor's own page tables.
// UNSAFETY: writes page tables.
#![expect(unsafe_code)]

use bitflags::bitflags;
use spin::{Mutex, Once};

use crate::layout::DIRECT_MAP_START;

bitflags! {
    /// What a mapping of the hypervisor's allows.
    #[derive(Clone, Copy, Debug)]
    pub struct Access: u64 {
        /// Writing.
        const WRITE = 1 << 1;
        /// Reading by guests.
        const GUEST = 1 << 2;
        /// No caching: device registers.
        const UNCACHED = 1 << 4 | 1 << 3;
        /// No execution. Dropped where the CPU can't forbid it.
        const NO_EXECUTE = 1 << 63;
    }
}

const PRESENT: u64 = 1;
const LARGE: u64 = 1 << 7;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// First of the hypervisor's slots in a root table.
pub const FIRST_SLOT: usize = 256;
/// How many slots the hypervisor has.
pub const SLOTS: usize = 16;

/// Page size of a mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PageSize {
    /// 4 KiB.
    Small,
    /// 2 MiB.
    Large,
}

/// The tables under the hypervisor's slots. The slots' own entries never change once a guest has
/// a root table, so that all root tables agree.
pub struct Tables {
    root: u64,
    no_execute: bool,
}

static TABLES: Once<Mutex<Tables>> = Once::new();

/// A source of zeroed frames for tables: a physical address.
pub type Source<'a> = &'a mut dyn FnMut() -> Option<u64>;

fn first_entry(table: u64) -> *mut u64 {
    (DIRECT_MAP_START + table) as *mut u64
}

impl Tables {
    /// New tables with an empty table under each slot.
    pub(super) fn new(no_execute: bool, source: Source<'_>) -> Option<Self> {
        let tables = Self {
            root: source()?,
            no_execute,
        };
        for slot in FIRST_SLOT..FIRST_SLOT + SLOTS {
            let table = source()?;
            // The tables below decide what guests may read.
            tables.set(
                tables.root,
                slot,
                table | PRESENT | Access::WRITE.bits() | Access::GUEST.bits(),
            );
        }
        Some(tables)
    }

    fn get(&self, table: u64, index: usize) -> u64 {
        // SAFETY: `table` is a table of ours, in the direct map, and `index` is below 512.
        unsafe { first_entry(table).add(index & 511).read_volatile() }
    }

    fn set(&self, table: u64, index: usize, value: u64) {
        // SAFETY: as for `get`.
        unsafe { first_entry(table).add(index & 511).write_volatile(value) }
    }

    /// Maps a page; `None` if there is no frame for a table. What was mapped there is replaced.
    pub fn map(
        &mut self,
        virtual_address: u64,
        physical: u64,
        size: PageSize,
        access: Access,
        source: Source<'_>,
    ) -> Option<()> {
        let levels: &[u32] = match size {
            PageSize::Small => &[39, 30, 21],
            PageSize::Large => &[39, 30],
        };
        let index = |shift: u32| (virtual_address >> shift & 511) as usize;
        let mut table = self.root;
        for &shift in levels {
            let present = self.get(table, index(shift));
            table = if present & PRESENT == 0 {
                let new = source()?;
                self.set(
                    table,
                    index(shift),
                    new | PRESENT | Access::WRITE.bits() | Access::GUEST.bits(),
                );
                new
            } else {
                present & ADDRESS
            };
        }
        let access = if self.no_execute {
            access
        } else {
            access.difference(Access::NO_EXECUTE)
        };
        let (shift, large) = match size {
            PageSize::Small => (12, 0),
            PageSize::Large => (21, LARGE),
        };
        self.set(
            table,
            index(shift),
            physical | PRESENT | large | access.bits(),
        );
        Some(())
    }

    /// Takes a 4 KiB mapping away, and its translation from this CPU.
    pub fn unmap(&mut self, virtual_address: u64) {
        let index = |shift: u32| (virtual_address >> shift & 511) as usize;
        let mut table = self.root;
        for shift in [39, 30, 21] {
            let present = self.get(table, index(shift));
            if present & PRESENT == 0 {
                return;
            }
            table = present & ADDRESS;
        }
        self.set(table, index(12), 0);
        crate::cpu::control::invalidate_page(virtual_address);
    }

    /// Physical address of the root table.
    #[must_use]
    pub fn root(&self) -> u64 {
        self.root
    }

    /// The entries of the hypervisor's slots.
    #[must_use]
    pub fn slots(&self) -> [u64; SLOTS] {
        core::array::from_fn(|slot| self.get(self.root, FIRST_SLOT + slot))
    }
}

/// Keeps the tables that are in use from now on.
pub(super) fn publish(tables: Tables) -> &'static Mutex<Tables> {
    TABLES.call_once(|| Mutex::new(tables))
}

/// The hypervisor's tables. Lock order: a leaf, taken last.
#[must_use]
pub fn tables() -> &'static Mutex<Tables> {
    #[expect(
        clippy::expect_used,
        reason = "boot publishes them before anything else runs"
    )]
    TABLES.get().expect("page tables are published at boot")
}
