//! Frames by their numbers, and the first mapping.
// UNSAFETY: reads the p2m and m2p tables by their addresses.
#![expect(unsafe_code)]

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::arch_x86::{MACH2PHYS_NR_ENTRIES, MACH2PHYS_VIRT_START};
use ringwall_abi::xen::StartInfo;
use ringwall_abi::{ENTRIES_PER_TABLE, Mfn, PAGE_SHIFT, PAGE_SIZE, Pfn};
use spin::Once;

use super::entry::{Level, target};
use super::{DIRECT_BASE, VIRT_BASE, bytes, direct};
use crate::raw::page::{self, SharedPage};

/// What was there at the start of day.
struct First {
    /// The machine frame of each frame; all ones for none.
    p2m: &'static [AtomicU64],
    /// The frame behind the last that is mapped at `VIRT_BASE`.
    end: Pfn,
    /// What of this mapping the heap got.
    heap: Range<u64>,
    /// The root table.
    root: Mfn,
}

static FIRST: Once<First> = Once::new();

/// The frames that the domain had at the start of day: 0 on a host.
pub(super) fn count() -> u64 {
    FIRST.get().map_or(0, |first| first.p2m.len() as u64)
}

/// The frame behind the last of the first mapping.
pub(super) fn first_end() -> Pfn {
    FIRST.get().map_or(Pfn::new(0), |first| first.end)
}

/// The root table of the start of day.
pub(super) fn first_root() -> Option<Mfn> {
    FIRST.get().map(|first| first.root)
}

/// The part of the first mapping that the heap has.
pub(super) fn first_heap() -> Range<u64> {
    FIRST.get().map_or(0..0, |first| first.heap.clone())
}

/// The machine's number of a frame of the guest; `None` where the guest has no such frame.
#[must_use]
pub fn mfn_of(frame: Pfn) -> Option<Mfn> {
    let p2m = FIRST.get()?.p2m;
    let word = p2m.get(usize::try_from(frame.raw()).ok()?)?;
    let number = word.load(Ordering::Relaxed);
    (number != u64::MAX).then(|| Mfn::new(number))
}

/// Sets the machine's number of a frame, or that it has none.
pub(super) fn set_mfn(frame: Pfn, machine: Option<Mfn>) {
    let word = FIRST
        .get()
        .and_then(|first| first.p2m.get(super::word(frame.raw())));
    if let Some(word) = word {
        word.store(machine.unwrap_or(Mfn::INVALID).raw(), Ordering::Relaxed);
    }
}

/// The guest's number of a machine frame; `None` where it is not the guest's.
#[must_use]
pub fn pfn_of(frame: Mfn) -> Option<Pfn> {
    if frame.raw() >= MACH2PHYS_NR_ENTRIES.min(super::m2p_end()) {
        return None;
    }
    let address = MACH2PHYS_VIRT_START + frame.raw() * 8;
    // SAFETY: the machine-to-physical table is mapped for good, up to the last frame of the machine.
    let word = unsafe { page::words(address, 1) }.first()?;
    let number = Pfn::new(word.load(Ordering::Relaxed));
    // The table may say anything of a frame of others.
    (mfn_of(number) == Some(frame)).then_some(number)
}

/// Where a frame of the guest is mapped, if it is.
#[must_use]
pub fn address_of(frame: Pfn) -> Option<u64> {
    if frame < first_end() {
        return Some(VIRT_BASE + bytes(frame.raw()));
    }
    let address = DIRECT_BASE.checked_add(frame.raw().checked_mul(PAGE_SIZE as u64)?)?;
    direct::mapped().contains(&address).then_some(address)
}

/// The frame that is mapped at an address, in either mapping; `None` elsewhere.
#[must_use]
pub fn pfn_of_address(address: u64) -> Option<Pfn> {
    let first = VIRT_BASE..VIRT_BASE + bytes(first_end().raw());
    if first.contains(&address) {
        return Some(Pfn::new((address - VIRT_BASE) >> PAGE_SHIFT));
    }
    let direct = direct::mapped().contains(&address);
    direct.then(|| Pfn::new((address - DIRECT_BASE) >> PAGE_SHIFT))
}

/// The machine's number of the frame that is mapped at an address.
#[must_use]
pub fn mfn_of_address(address: u64) -> Option<Mfn> {
    mfn_of(pfn_of_address(address)?)
}

/// A page of the first mapping that others write.
pub(super) fn start_page(frame: Mfn) -> Option<SharedPage> {
    if frame.raw() == 0 {
        return None;
    }
    let number = pfn_of(frame).filter(|number| *number < first_end())?;
    // SAFETY: it is mapped for good, it is none of the heap's, which starts behind it, and its users
    // are the two of this crate that ask for it.
    Some(unsafe { SharedPage::new(VIRT_BASE + bytes(number.raw())) })
}

/// Takes note of the first mapping; returns the part of it that nothing uses.
pub(crate) fn begin(info: &'static StartInfo, boot_stack_end: u64) -> Range<u64> {
    let page = PAGE_SIZE as u64;
    // SAFETY: the list is mapped from the start, and has an entry for each frame. Nobody has a
    // reference to it.
    let p2m = unsafe { page::words(info.mfn_list, super::word(info.nr_pages)) };
    // The order in which the start-of-day structures lie is fixed up to the stack, which is the last:
    // `public/xen.h`. The page tables are named to be sure.
    let tables_end = info.pt_base + info.nr_pt_frames * page;
    let used = boot_stack_end.max(tables_end).next_multiple_of(page);
    let mut end = used;
    while is_mapped(info.pt_base, end) {
        end += page;
    }
    let root = p2m
        .get(super::word((info.pt_base - VIRT_BASE) >> PAGE_SHIFT))
        .map_or(0, |word| word.load(Ordering::Relaxed));
    FIRST.call_once(|| First {
        p2m,
        end: Pfn::new((end - VIRT_BASE) >> PAGE_SHIFT),
        heap: used..end,
        root: Mfn::new(root),
    });
    used..end
}

/// Whether the first page tables map the address.
fn is_mapped(root: u64, address: u64) -> bool {
    let mut table = root;
    for level in [Level::L4, Level::L3, Level::L2, Level::L1] {
        // SAFETY: the first tables lie in the first mapping, readable.
        let entries = unsafe { page::words(table, ENTRIES_PER_TABLE) };
        let entry = entries.get(level.index(address));
        let Some(next) = entry.and_then(|entry| target(entry.load(Ordering::Relaxed))) else {
            return false;
        };
        if level == Level::L1 {
            return true;
        }
        let number = MACH2PHYS_VIRT_START + next.raw() * 8;
        // SAFETY: the machine-to-physical table has an entry for each frame of the guest.
        let number = unsafe { page::words(number, 1) };
        table = VIRT_BASE
            + bytes(
                number
                    .first()
                    .map_or(0, |word| word.load(Ordering::Relaxed)),
            );
    }
    false
}
