//! Multiboot 1 information, as QEMU's `-kernel` gives it.
//!
//! Source: Multiboot Specification 0.6.96, section 3.3.
// UNSAFETY: reads the loader's structures by physical address.
#![expect(unsafe_code)]

use super::info::{BootInformation, RegionKind, Text};
use crate::layout::DIRECT_MAP_START;

/// What the loader leaves in `eax`.
pub(super) const MAGIC: u32 = 0x2bad_b002;

const HAS_COMMAND_LINE: u32 = 1 << 2;
const HAS_MODULES: u32 = 1 << 3;
const HAS_MEMORY_MAP: u32 = 1 << 6;
const HAS_LOADER_NAME: u32 = 1 << 9;

/// Reads `T` at a physical address below 4 GiB.
///
/// # Safety
/// The boot tables are in use, so that the first 4 GiB are mapped.
unsafe fn at<T: Copy>(address: u32) -> T {
    let pointer = (DIRECT_MAP_START + u64::from(address)) as *const T;
    // SAFETY: mapped, as the caller promises; any bytes are a valid `T` for the integers used here.
    unsafe { pointer.read_unaligned() }
}

/// The NUL-terminated text at a physical address.
///
/// # Safety
/// As [`at`].
unsafe fn text(address: u32) -> Text {
    // SAFETY: as the caller promises.
    Text::from_bytes((address..).map(|byte| unsafe { at::<u8>(byte) }))
}

/// Copies the information out.
///
/// # Safety
/// `information` is the physical address of a multiboot 1 information structure, and the boot
/// tables are in use.
pub(super) unsafe fn read(information: u32, result: &mut BootInformation) {
    result.known = true;
    // SAFETY: every address below comes from the loader's structure, under 4 GiB, and is mapped.
    let word = |offset: u32| unsafe { at::<u32>(information + offset) };
    let flags = word(0);
    if flags & HAS_COMMAND_LINE != 0 {
        // SAFETY: as above.
        result.command_line = unsafe { text(word(16)) };
    }
    if flags & HAS_LOADER_NAME != 0 {
        // SAFETY: as above.
        result.loader = unsafe { text(word(64)) };
    }
    if flags & HAS_MODULES != 0 {
        let (count, table) = (word(20), word(24));
        for index in 0..count.min(64) {
            // SAFETY: as above; each entry has 16 bytes.
            let [start, end, line, _] = unsafe { at::<[u32; 4]>(table + 16 * index) };
            let line = if line == 0 {
                Text::from_bytes([].into_iter())
            } else {
                // SAFETY: as above.
                unsafe { text(line) }
            };
            result.add_module(start.into(), end.into(), line);
        }
    }
    if flags & HAS_MEMORY_MAP != 0 {
        let (length, table) = (word(44), word(48));
        let mut offset = 0;
        while offset + 24 <= length {
            // SAFETY: as above; `size` does not count itself.
            let size = unsafe { at::<u32>(table + offset) };
            // SAFETY: as above.
            let [start, length] = unsafe { at::<[u64; 2]>(table + offset + 4) };
            // SAFETY: as above.
            let kind = unsafe { at::<u32>(table + offset + 20) };
            result.add_region(start, length, RegionKind::from_number(kind));
            offset += size.saturating_add(4);
        }
    }
}
