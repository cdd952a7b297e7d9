//! The address space and the segments that the ABI fixes.

use crate::shape::numbers;

/// First address of the hypervisor's part of each address space.
/// Source: `public/arch-x86/xen-x86_64.h`, as all of this file but the GDT's.
pub const HYPERVISOR_VIRT_START: u64 = 0xffff_8000_0000_0000;
/// The address behind the hypervisor's part.
pub const HYPERVISOR_VIRT_END: u64 = 0xffff_8800_0000_0000;
/// First address of the machine-to-physical table, which guests may read.
pub const MACH2PHYS_VIRT_START: u64 = 0xffff_8000_0000_0000;
/// The address behind the machine-to-physical table.
pub const MACH2PHYS_VIRT_END: u64 = 0xffff_8040_0000_0000;
/// Entries of 8 bytes that the machine-to-physical table has room for.
pub const MACH2PHYS_NR_ENTRIES: u64 = (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3;

/// The first page of the GDT that is the hypervisor's. Source: `public/arch-x86/xen.h`.
pub const FIRST_RESERVED_GDT_PAGE: usize = 14;
/// The first byte of the GDT that is the hypervisor's.
pub const FIRST_RESERVED_GDT_BYTE: usize = FIRST_RESERVED_GDT_PAGE * 4096;
/// The first descriptor of the GDT that is the hypervisor's.
pub const FIRST_RESERVED_GDT_ENTRY: usize = FIRST_RESERVED_GDT_BYTE / 8;

/// Ring 3, 32-bit code.
pub const FLAT_RING3_CS32: u16 = 0xe023;
/// Ring 3, 64-bit code.
pub const FLAT_RING3_CS64: u16 = 0xe033;
/// Ring 3, data for 32-bit code.
pub const FLAT_RING3_DS32: u16 = 0xe02b;
/// Ring 3, data for 64-bit code: none is needed.
pub const FLAT_RING3_DS64: u16 = 0x0000;
/// Ring 3, stack of 32-bit code.
pub const FLAT_RING3_SS32: u16 = 0xe02b;
/// Ring 3, stack of 64-bit code.
pub const FLAT_RING3_SS64: u16 = 0xe02b;

/// The guest kernel's code.
#[doc(alias = "FLAT_KERNEL_CS64")]
pub const FLAT_KERNEL_CS: u16 = FLAT_RING3_CS64;
/// The guest kernel's data.
#[doc(alias = "FLAT_KERNEL_DS64")]
pub const FLAT_KERNEL_DS: u16 = FLAT_RING3_DS64;
/// The guest kernel's stack.
#[doc(alias = "FLAT_KERNEL_SS64")]
pub const FLAT_KERNEL_SS: u16 = FLAT_RING3_SS64;
/// A 32-bit guest user's code.
pub const FLAT_USER_CS32: u16 = FLAT_RING3_CS32;
/// A 64-bit guest user's code.
pub const FLAT_USER_CS64: u16 = FLAT_RING3_CS64;
/// A 32-bit guest user's data.
pub const FLAT_USER_DS32: u16 = FLAT_RING3_DS32;
/// A guest user's stack.
pub const FLAT_USER_SS: u16 = FLAT_RING3_SS64;

/// The bytes that force the instruction behind them (`cpuid`) to be emulated: `ud2a; "xen"`.
/// Source: `public/arch-x86/xen.h`.
#[doc(alias = "XEN_EMULATE_PREFIX")]
pub const EMULATE_PREFIX: [u8; 5] = [0x0f, 0x0b, 0x78, 0x65, 0x6e];

numbers! {
    /// First argument of `set_segment_base`.
    ///
    /// Source: `public/arch-x86/xen-x86_64.h`.
    pub enum SegmentBase: u32 {
        /// The base of FS.
        Fs = 0 => "SEGBASE_FS",
        /// The user's base of GS.
        GsUser = 1 => "SEGBASE_GS_USER",
        /// The kernel's base of GS.
        GsKernel = 2 => "SEGBASE_GS_KERNEL",
        /// The user's selector in GS, whose base is read from its descriptor.
        GsUserSelector = 3 => "SEGBASE_GS_USER_SEL",
    }
}
