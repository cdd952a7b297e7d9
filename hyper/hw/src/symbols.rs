//! Symbols of the image: its bounds, and the names for backtraces.
// UNSAFETY: addresses of linker symbols, and a table behind the image.
#![expect(unsafe_code)]

use crate::layout::{IMAGE_PHYSICAL, IMAGE_START};
use crate::memory::ranges::Range;

unsafe extern "C" {
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __data_end: u8;
    static __symbols_start: u8;
}

/// A part of the image, by its rights.
#[derive(Clone, Copy)]
pub(crate) struct Section {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

fn address(symbol: *const u8) -> u64 {
    symbol.addr() as u64
}

/// Executable code.
pub(crate) fn text() -> Section {
    Section {
        start: address(&raw const __text_start),
        end: address(&raw const __text_end),
    }
}

/// Constants.
pub(crate) fn constants() -> Section {
    Section {
        start: address(&raw const __text_end),
        end: address(&raw const __rodata_end),
    }
}

/// The entry page as it was loaded.
pub(crate) fn entry_page() -> u64 {
    address(&raw const __rodata_end)
}

/// Variables.
pub(crate) fn data() -> Section {
    Section {
        start: entry_page() + 4096,
        end: address(&raw const __data_end),
    }
}

/// Where a part of the image lies in physical memory.
pub(crate) fn physical(address: u64) -> u64 {
    address - IMAGE_START + IMAGE_PHYSICAL
}

/// Magic of the table of names.
const MAGIC: [u8; 8] = *b"RWSYMS01";

/// The table of names that the build puts behind the image: magic, total size, count, entries of
/// two words (offset of the function, offset of its name), then the names.
fn table() -> Option<&'static [u8]> {
    let start = &raw const __symbols_start;
    // SAFETY: the page behind the image is mapped: it is part of the image's range.
    let head = unsafe { core::slice::from_raw_parts(start, 16) };
    if head.get(..8)? != MAGIC {
        return None;
    }
    let size = u32::from_le_bytes(head.get(8..12)?.try_into().ok()?);
    if size > 1 << 20 {
        return None;
    }
    // SAFETY: the loader put `size` bytes there, and `image_range` keeps them.
    Some(unsafe { core::slice::from_raw_parts(start, size as usize) })
}

/// The image in physical memory, with its table of names.
#[must_use]
pub fn image_range() -> Range {
    let symbols = table().map_or(4096, <[u8]>::len) as u64;
    Range::outer(
        IMAGE_PHYSICAL - 0x10_0000,
        physical(address(&raw const __symbols_start)) + symbols,
    )
}

/// The table of names in the address space.
pub(crate) fn names() -> Section {
    let start = address(&raw const __symbols_start);
    Section {
        start,
        end: start + table().map_or(0, <[u8]>::len) as u64,
    }
}

/// The function that holds the address, and the offset in it.
pub(crate) fn resolve(target: u64) -> Option<(&'static str, u64)> {
    let offset = u32::try_from(target.checked_sub(IMAGE_START)?).ok()?;
    let table = table()?;
    let word = |at: usize| Some(u32::from_le_bytes(table.get(at..at + 4)?.try_into().ok()?));
    let count = word(12)? as usize;
    let mut best = None;
    for index in 0..count {
        let start = word(16 + 8 * index)?;
        if start > offset {
            break;
        }
        best = Some((start, word(20 + 8 * index)? as usize));
    }
    let (start, name) = best?;
    let names = table.get(16 + 8 * count..)?.get(name..)?;
    let length = names.iter().position(|&byte| byte == 0)?;
    Some((
        str::from_utf8(names.get(..length)?).ok()?,
        u64::from(offset - start),
    ))
}
