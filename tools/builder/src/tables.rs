//! The first page tables and the p2m list.

use ringwall_abi::{ENTRIES_PER_TABLE, PAGE_SHIFT, PAGE_SIZE, Pfn};
use ringwall_image::{Access, Element, Layout, TableEntry};
use zerocopy::IntoBytes as _;

use crate::frames::Frames;
use crate::window::Window;
use crate::{BuildError, Memory};

/// Present, for user code, accessed, dirty: SDM vol. 3A 4.5.4. A guest kernel runs in ring 3.
const COMMON: u64 = 1 | 1 << 2 | 1 << 5 | 1 << 6;
const WRITABLE: u64 = 1 << 1;

/// Writes all tables, each page at once.
pub(crate) fn write_tables<M: Memory>(
    window: &Window<M>,
    frames: &Frames,
    layout: &Layout,
) -> Result<(), BuildError> {
    let elements = [Some(layout.page_tables()), layout.p2m_tables()];
    for element in elements.into_iter().flatten() {
        // Tables that no entry is in are full of zeros.
        window.clear(bytes(element))?;
    }
    let mut page: Option<(Pfn, Box<[u64; ENTRIES_PER_TABLE]>)> = None;
    for entry in layout.table_entries() {
        if page.as_ref().is_none_or(|(table, _)| *table != entry.table) {
            flush(window, &page)?;
            page = Some((entry.table, Box::new([0; ENTRIES_PER_TABLE])));
        }
        if let Some((_, entries)) = &mut page
            && let Some(slot) = entries.get_mut(usize::from(entry.index))
        {
            *slot = value(frames, &entry)?;
        }
    }
    flush(window, &page)
}

fn value(frames: &Frames, entry: &TableEntry) -> Result<u64, BuildError> {
    let target = frames.get(entry.target)?.raw() << PAGE_SHIFT;
    Ok(match entry.access {
        Access::ReadOnly => target | COMMON,
        Access::ReadWrite => target | COMMON | WRITABLE,
    })
}

fn flush<M: Memory>(
    window: &Window<M>,
    page: &Option<(Pfn, Box<[u64; ENTRIES_PER_TABLE]>)>,
) -> Result<(), BuildError> {
    match page {
        Some((table, entries)) => {
            window.write(table.raw() << PAGE_SHIFT, entries.as_slice().as_bytes())
        }
        None => Ok(()),
    }
}

/// Writes the list of machine frames; what is behind its end in the last page are zeros.
pub(crate) fn write_p2m<M: Memory>(
    window: &Window<M>,
    frames: &Frames,
    layout: &Layout,
) -> Result<(), BuildError> {
    let place = bytes(layout.p2m());
    let list = frames.list().as_bytes();
    window.write(place.start, list)?;
    window.clear(place.start + list.len() as u64..place.end)
}

/// An element's pseudo-physical addresses.
pub(crate) fn bytes(element: Element) -> core::ops::Range<u64> {
    let page = PAGE_SIZE as u64;
    element.first.raw() * page..element.end().raw() * page
}
