//! The task state segment: stacks, and the I/O bitmap.

use x86::Ring;
use x86::bits64::task::TaskStateSegment;

use super::idt::{IST_DEBUG, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_NMI};
use crate::layout::{
    DEBUG_STACK_TOP, DOUBLE_FAULT_STACK_TOP, ENTRY_OFFSET, IO_BITMAP_OFFSET, LOCAL_OFFSET,
    MACHINE_CHECK_STACK_TOP, NMI_STACK_TOP, TSS_OFFSET,
};

/// `iomap_base` that denies every port.
pub const IO_BITMAP_NONE: u16 = 0xffff;
/// `iomap_base` of the bitmap that follows the TSS.
#[expect(
    clippy::cast_possible_truncation,
    reason = "both lie in one CPU's window, less than a page apart"
)]
pub const IO_BITMAP_GUEST: u16 = (IO_BITMAP_OFFSET - TSS_OFFSET) as u16;
/// The TSS's limit in bytes: up to the byte of ones after the bitmap.
#[expect(
    clippy::cast_possible_truncation,
    reason = "both lie in one CPU's window"
)]
pub(crate) const LIMIT: u32 = (ENTRY_OFFSET - TSS_OFFSET) as u32;

/// The TSS of the CPU whose window starts at `window`.
pub(crate) fn new(window: u64) -> TaskStateSegment {
    let mut tss = TaskStateSegment::new();
    tss.set_rsp(Ring::Ring0, window + LOCAL_OFFSET);
    tss.set_ist(
        usize::from(IST_DOUBLE_FAULT) - 1,
        window + DOUBLE_FAULT_STACK_TOP,
    );
    tss.set_ist(usize::from(IST_NMI) - 1, window + NMI_STACK_TOP);
    tss.set_ist(
        usize::from(IST_MACHINE_CHECK) - 1,
        window + MACHINE_CHECK_STACK_TOP,
    );
    tss.set_ist(usize::from(IST_DEBUG) - 1, window + DEBUG_STACK_TOP);
    tss.iomap_base = IO_BITMAP_NONE;
    tss
}
