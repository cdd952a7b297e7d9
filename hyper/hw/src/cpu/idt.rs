//! The interrupt descriptor table.
// UNSAFETY: loads a descriptor table.
#![expect(unsafe_code)]

use core::arch::asm;

use super::gdt::HYPERVISOR_CS;
use crate::entry::trap_addresses;
use crate::layout::CPU_WINDOWS_START;

/// IST slot of double faults.
pub(crate) const IST_DOUBLE_FAULT: u8 = 1;
/// IST slot of NMIs.
pub(crate) const IST_NMI: u8 = 2;
/// IST slot of machine checks.
pub(crate) const IST_MACHINE_CHECK: u8 = 3;
/// IST slot of debug exceptions.
pub(crate) const IST_DEBUG: u8 = 4;

/// A table of 256 gates of 16 bytes.
pub(crate) type Table = [[u64; 2]; 256];

/// Fills the table of the CPU whose window starts at `window`.
///
/// Guests may execute `int3` and `into` directly; any other `int n` faults with the vector in its
/// error code, and is looked up in the guest's own trap table.
pub(crate) fn fill(table: &mut Table, window: u64) {
    for (vector, (gate, address)) in table.iter_mut().zip(trap_addresses()).enumerate() {
        let address = address - CPU_WINDOWS_START + window;
        let ist = match vector {
            1 => IST_DEBUG,
            2 => IST_NMI,
            8 => IST_DOUBLE_FAULT,
            18 => IST_MACHINE_CHECK,
            _ => 0,
        };
        let dpl = if matches!(vector, 3 | 4) { 3u64 } else { 0 };
        // SDM vol. 3A, 6.14.1: an interrupt gate.
        gate[0] = (address & 0xffff)
            | u64::from(HYPERVISOR_CS) << 16
            | u64::from(ist) << 32
            | 0xe << 40
            | dpl << 45
            | 1 << 47
            | (address >> 16 & 0xffff) << 48;
        gate[1] = address >> 32;
    }
}

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

/// Loads the table at `base`.
///
/// # Safety
/// `base` holds a table that [`fill`] made for this CPU, mapped for good.
pub(crate) unsafe fn load(base: u64) {
    let pointer = Pointer { limit: 4095, base };
    // SAFETY: as the caller promises.
    unsafe {
        asm!("lidt [{}]", in(reg) &raw const pointer, options(readonly, nostack, preserves_flags))
    };
}
