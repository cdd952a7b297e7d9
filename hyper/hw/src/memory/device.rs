//! Device registers and firmware tables, mapped for the hypervisor itself.
// UNSAFETY: reads and writes device registers.
#![expect(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::PAGE_SIZE;

use super::paging::{Access, PageSize, tables};
use crate::boot::Module;
use crate::heap;
use crate::layout::DEVICE_MAP_START;

const PAGE: u64 = PAGE_SIZE as u64;

/// Virtual space handed out so far; it is never given back.
static NEXT: AtomicU64 = AtomicU64::new(DEVICE_MAP_START);

fn map(physical: u64, length: u64, access: Access) -> Option<u64> {
    let first = physical / PAGE * PAGE;
    let pages = (physical - first).checked_add(length)?.div_ceil(PAGE);
    let start = NEXT.fetch_add(pages * PAGE, Ordering::Relaxed);
    let mut tables = tables().lock();
    for page in 0..pages {
        let address = start + page * PAGE;
        tables.map(
            address,
            first + page * PAGE,
            PageSize::Small,
            access,
            &mut heap::table_frame,
        )?;
    }
    Some(start + (physical - first))
}

/// A device's registers.
pub struct Registers {
    base: u64,
    length: u64,
}

impl Registers {
    /// Maps `length` bytes of registers; `None` where there is no memory for tables.
    #[must_use]
    pub fn map(physical: u64, length: u64) -> Option<Self> {
        let access = Access::WRITE | Access::NO_EXECUTE | Access::UNCACHED;
        Some(Self {
            base: map(physical, length, access)?,
            length,
        })
    }

    /// Reads the aligned register at `offset`; all ones outside.
    #[must_use]
    #[inline]
    pub fn read(&self, offset: u64) -> u32 {
        if !offset.is_multiple_of(4) || offset + 4 > self.length {
            return u32::MAX;
        }
        // SAFETY: inside the mapping, aligned.
        unsafe { ((self.base + offset) as *const u32).read_volatile() }
    }

    /// Writes the aligned register at `offset`; nothing outside.
    #[inline]
    pub fn write(&self, offset: u64, value: u32) {
        if offset.is_multiple_of(4) && offset + 4 <= self.length {
            // SAFETY: inside the mapping, aligned.
            unsafe { ((self.base + offset) as *mut u32).write_volatile(value) };
        }
    }
}

/// Firmware tables, read only.
///
/// The memory is the firmware's, or RAM that is kept from everybody; nobody writes it after boot.
#[must_use]
pub fn firmware(physical: u64, length: u64) -> Option<&'static [u8]> {
    if length > 1 << 20 {
        return None;
    }
    let base = map(physical, length, Access::NO_EXECUTE)?;
    // SAFETY: mapped for good, any bytes are valid, nobody writes them.
    Some(unsafe { core::slice::from_raw_parts(base as *const u8, usize::try_from(length).ok()?) })
}

/// A module's bytes, read only, by the direct map.
///
/// The memory is kept from every allocator until boot gives it away, after it has read the module.
#[must_use]
pub fn module_bytes(module: &Module) -> &'static [u8] {
    let length = usize::try_from(module.end.saturating_sub(module.start)).unwrap_or(0);
    let start = crate::layout::DIRECT_MAP_START + module.start;
    // SAFETY: 1. the loader's module lies in RAM, which the direct map covers; 2. `EarlyMemory` left it out of
    // what is free, and only the dom0 builder, which calls this, gives it away.
    unsafe { core::slice::from_raw_parts(start as *const u8, length) }
}
