//! Descriptor windows: the GDT and LDT of each virtual CPU at addresses of their own.
//!
//! A window has 16 pages for the GDT, of which the guest fills the first 14 and page 14 is the
//! hypervisor's, and 16 pages for the LDT. Switching virtual CPUs is `lgdt` to another window.
// UNSAFETY: loads descriptor tables.
#![expect(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::{Mfn, PAGE_SHIFT, PAGE_SIZE};
use spin::Mutex;

use crate::cpu::{gdt, reload_ldt};
use crate::heap;
use crate::layout::{DESCRIPTOR_WINDOW_SIZE, DESCRIPTOR_WINDOWS_START};
use crate::memory::paging::{Access, PageSize, tables};

/// Pages of a GDT that a guest fills.
pub const GUEST_GDT_PAGES: usize = 14;
/// Pages of an LDT.
pub const LDT_PAGES: usize = 16;
const PAGE: u64 = PAGE_SIZE as u64;
const ACCESS: Access = Access::WRITE.union(Access::NO_EXECUTE);

/// The reserved page of this CPU, physical.
static RESERVED: AtomicU64 = AtomicU64::new(0);
/// A page of null descriptors, for what a guest leaves out.
static EMPTY: AtomicU64 = AtomicU64::new(0);

/// Keeps the page that every GDT of this CPU ends with, and maps the boot window.
pub(crate) fn set_reserved_page(physical: u64) {
    RESERVED.store(physical, Ordering::Relaxed);
    EMPTY.store(heap::table_frame().unwrap_or(0), Ordering::Relaxed);
    // The boot window is never given back.
    let window = core::mem::ManuallyDrop::new(DescriptorWindow { index: 0 });
    let _ = window.fill();
}

/// The window that is loaded while no guest runs.
pub(crate) fn boot_window() -> u64 {
    DESCRIPTOR_WINDOWS_START
}

/// The window of one virtual CPU.
#[derive(Debug)]
pub struct DescriptorWindow {
    index: u64,
}

/// Most windows: some more than the scheduler has places for virtual CPUs.
const WINDOWS: usize = 2048;
/// A bit for each window in use; the first one is the boot window. Lock order: a leaf.
static IN_USE: Mutex<[u64; WINDOWS / 64]> = Mutex::new({
    let mut words = [0; WINDOWS / 64];
    words[0] = 1;
    words
});

impl DescriptorWindow {
    /// A window without descriptors of a guest; `None` without memory, or where all are in use.
    #[must_use]
    pub fn new() -> Option<Self> {
        let window = Self {
            index: Self::take_index()?,
        };
        window.fill()?;
        Some(window)
    }

    fn take_index() -> Option<u64> {
        let mut words = IN_USE.lock();
        let mut places = words.iter_mut().zip(0..);
        let (word, place) = places.find(|(word, _)| **word != u64::MAX)?;
        let bit = word.trailing_ones();
        *word |= 1 << bit;
        Some(place * 64 + u64::from(bit))
    }

    fn base(&self) -> u64 {
        DESCRIPTOR_WINDOWS_START + self.index * DESCRIPTOR_WINDOW_SIZE
    }

    fn map(&self, page: usize, physical: u64) -> Option<()> {
        let address = self.base() + page as u64 * PAGE;
        tables().lock().map(
            address,
            physical,
            PageSize::Small,
            ACCESS,
            &mut heap::table_frame,
        )?;
        crate::cpu::control::invalidate_page(address);
        Some(())
    }

    fn fill(&self) -> Option<()> {
        for page in 0..GUEST_GDT_PAGES + 2 + LDT_PAGES {
            self.map(page, EMPTY.load(Ordering::Relaxed))?;
        }
        self.map(GUEST_GDT_PAGES, RESERVED.load(Ordering::Relaxed))
    }

    /// Shows a frame of descriptors, or none, as a page of the GDT; pages from 14 on are not the guest's.
    pub fn set_gdt_page(&self, page: usize, frame: Option<Mfn>) {
        if page < GUEST_GDT_PAGES {
            // The tables of the window exist since `fill`.
            let _ = self.map(page, physical(frame));
        }
    }

    /// Shows a frame of descriptors, or none, as a page of the LDT.
    pub fn set_ldt_page(&self, page: usize, frame: Option<Mfn>) {
        if page < LDT_PAGES {
            let _ = self.map(GUEST_GDT_PAGES + 2 + page, physical(frame));
        }
    }

    /// Loads the GDT, and an LDT of so many entries.
    pub fn load(&self, ldt_entries: u32) {
        let ldt = self.base() + (GUEST_GDT_PAGES as u64 + 2) * PAGE;
        let limit = if ldt_entries == 0 {
            None
        } else {
            Some(8 * ldt_entries - 1)
        };
        // SAFETY: the window is mapped for good, and page 14 is the reserved page.
        unsafe { gdt::load(self.base()) };
        reload_ldt(
            self.base() + GUEST_GDT_PAGES as u64 * PAGE,
            limit.map(|limit| (ldt, limit)),
        );
    }
}

impl Drop for DescriptorWindow {
    fn drop(&mut self) {
        // Its tables stay for the next one, which shows its own frames before it is loaded.
        let place = usize::try_from(self.index / 64).unwrap_or(usize::MAX);
        if let Some(word) = IN_USE.lock().get_mut(place) {
            *word &= !(1 << (self.index % 64));
        }
    }
}

fn physical(frame: Option<Mfn>) -> u64 {
    frame.map_or_else(
        || EMPTY.load(Ordering::Relaxed),
        |mfn| mfn.raw() << PAGE_SHIFT,
    )
}
