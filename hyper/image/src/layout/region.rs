//! Ranges of virtual addresses.

use core::ops::Range;

use ringwall_abi::{GuestAddress, PAGE_SIZE, is_canonical};

use super::tables::count_tables;
use super::{LayoutError, Role};

const PAGE: u64 = PAGE_SIZE as u64;
/// The region ends at a multiple of this many bytes.
const REGION_ALIGN: u64 = 4 << 20;
/// Bytes that stay free after the last element, at least.
const PADDING: u64 = 512 << 10;
/// The part of every address space that is the hypervisor's: `HYPERVISOR_VIRT_START` and `_END` of
/// `public/arch-x86/xen-x86_64.h`.
const HYPERVISOR: Range<u64> = 0xffff_8000_0000_0000..0xffff_8800_0000_0000;

/// How many tables the region needs that holds `pages` frames, then those tables, then the stack;
/// and that region.
///
/// The tables are in the region that they map, so their number is a fixpoint. It is found from
/// below: more tables never make the region smaller.
pub(super) fn bootstrap_tables(base: u64, pages: u64) -> Result<(u64, Range<u64>), LayoutError> {
    let mut tables = 1;
    loop {
        let size = (pages + tables + 1) * PAGE + PADDING;
        let unmappable = LayoutError::Unmappable {
            role: Role::Kernel,
            start: GuestAddress::new(base),
            size,
        };
        let end = base
            .checked_add(size)
            .and_then(|end| end.checked_next_multiple_of(REGION_ALIGN))
            .ok_or(unmappable)?;
        let region = base..end;
        if !is_mappable(&region) {
            return Err(unmappable);
        }
        let needed = count_tables(&region);
        if needed <= tables {
            return Ok((tables, region));
        }
        tables = needed;
    }
}

/// The addresses of a relocated p2m list.
pub(super) fn p2m_window(
    address: GuestAddress,
    pages: u64,
    region: &Range<u64>,
) -> Result<Range<u64>, LayoutError> {
    let role = Role::P2m;
    if address.page_offset() != 0 {
        return Err(LayoutError::Misaligned { role, address });
    }
    let size = pages * PAGE;
    let unmappable = LayoutError::Unmappable {
        role,
        start: address,
        size,
    };
    let window = address.raw()..address.raw().checked_add(size).ok_or(unmappable)?;
    if !is_mappable(&window) {
        return Err(unmappable);
    }
    if window.start < region.end && region.start < window.end {
        return Err(LayoutError::Overlap {
            p2m: address,
            start: GuestAddress::new(region.start),
            end: GuestAddress::new(region.end),
        });
    }
    Ok(window)
}

/// Whether a guest may have mappings in all of the range, which is not empty.
fn is_mappable(range: &Range<u64>) -> bool {
    let last = range.end - 1;
    let same_half = range.start >> 63 == last >> 63;
    let outside = last < HYPERVISOR.start || HYPERVISOR.end <= range.start;
    is_canonical(range.start) && is_canonical(last) && same_half && outside
}
