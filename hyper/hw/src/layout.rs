//! Where the hypervisor lives in the address space.
//!
//! PML4 slots 256..=271 are the hypervisor's in every root table. Guests may read the first 256 GiB
//! of them, the machine-to-physical table; the rest is private.

use ringwall_abi::{MachineAddress, Mfn, PAGE_SHIFT, PAGE_SIZE};

/// First byte of the hypervisor's slots.
pub const HYPERVISOR_START: u64 = 0xffff_8000_0000_0000;
/// First byte after the hypervisor's slots.
pub const HYPERVISOR_END: u64 = 0xffff_8800_0000_0000;
/// The machine-to-physical table, one `u64` per frame (slot 256).
pub const M2P_START: u64 = HYPERVISOR_START;
/// The frame table, one `Frame` per frame (slot 260).
pub const FRAME_TABLE_START: u64 = 0xffff_8200_0000_0000;
/// The image (slot 261).
pub const IMAGE_START: u64 = 0xffff_8280_0000_0000;
/// Where the image is loaded.
pub const IMAGE_PHYSICAL: u64 = 0x20_0000;
/// All RAM, read and write (slot 262).
pub const DIRECT_MAP_START: u64 = 0xffff_8300_0000_0000;
/// The windows of the CPUs (slot 263): stacks, per-CPU data, entry code.
pub const CPU_WINDOWS_START: u64 = 0xffff_8380_0000_0000;
/// Descriptor-table windows of the virtual CPUs (slot 264).
pub const DESCRIPTOR_WINDOWS_START: u64 = 0xffff_8400_0000_0000;
/// Device registers that the hypervisor maps for itself (slot 265).
pub const DEVICE_MAP_START: u64 = 0xffff_8480_0000_0000;
/// The machine-to-physical table again, for the hypervisor to write (slot 266).
pub const M2P_WRITE_START: u64 = 0xffff_8500_0000_0000;
/// More RAM than this is left unused: the direct map and the tables are sized for it.
pub const MAX_RAM: u64 = 64 << 30;

/// Size of a CPU's window in bytes; windows are aligned to it.
pub const CPU_WINDOW_SIZE: u64 = 0x2_0000;
/// Top of the stack for double faults, in a CPU's window.
pub const DOUBLE_FAULT_STACK_TOP: u64 = 0x2000;
/// Top of the stack for NMIs.
pub const NMI_STACK_TOP: u64 = 0x4000;
/// Top of the stack for machine checks.
pub const MACHINE_CHECK_STACK_TOP: u64 = 0x6000;
/// Top of the stack for debug exceptions.
pub const DEBUG_STACK_TOP: u64 = 0x8000;
/// First byte of the ordinary stack, which has room for unpacking a kernel; the page below is not mapped.
pub const STACK_BOTTOM: u64 = 0x9000;
/// A guest's registers, at the top of the ordinary stack.
pub const FRAME_OFFSET: u64 = 0x1_cb50;
/// The CPU's own data, directly above the frame.
pub const LOCAL_OFFSET: u64 = 0x1_cc00;
/// The task state segment, up to the end of its page; the I/O bitmap follows it.
pub const TSS_OFFSET: u64 = 0x1_cf98;
/// The I/O permission bitmap: 8 KiB and a page of ones.
pub const IO_BITMAP_OFFSET: u64 = 0x1_d000;
/// The entry code. It stands where the page of ones of the bitmap ends.
pub const ENTRY_OFFSET: u64 = 0x1_f000;

/// Size of a virtual CPU's descriptor window: 16 pages of GDT, 16 of LDT.
pub const DESCRIPTOR_WINDOW_SIZE: u64 = 32 * PAGE_SIZE as u64;

/// The address in the direct map of a byte of RAM.
#[must_use]
pub const fn direct(address: MachineAddress) -> u64 {
    DIRECT_MAP_START + address.raw()
}

/// The address in the direct map of a frame.
#[must_use]
pub const fn direct_frame(mfn: Mfn) -> u64 {
    DIRECT_MAP_START + (mfn.raw() << PAGE_SHIFT)
}

/// Whether a guest may name the address: canonical or not, it is not the hypervisor's.
#[must_use]
pub const fn outside_hypervisor(address: u64) -> bool {
    address >> 43 != HYPERVISOR_START >> 43
}
