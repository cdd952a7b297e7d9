//! What is x86's: registers, the address space, the context of a virtual CPU.
//!
//! Sources: `public/arch-x86/xen.h`, `xen-x86_64.h`.

mod context;
pub mod cpuid;
mod layout;
pub mod mca;
mod policy;
mod registers;
mod shared;

pub use context::{TrapFlags, TrapInfo, VcpuContextFlags, VcpuGuestContext};
pub use layout::{
    EMULATE_PREFIX, FIRST_RESERVED_GDT_BYTE, FIRST_RESERVED_GDT_ENTRY, FIRST_RESERVED_GDT_PAGE,
    FLAT_KERNEL_CS, FLAT_KERNEL_DS, FLAT_KERNEL_SS, FLAT_RING3_CS32, FLAT_RING3_CS64,
    FLAT_RING3_DS32, FLAT_RING3_DS64, FLAT_RING3_SS32, FLAT_RING3_SS64, FLAT_USER_CS32,
    FLAT_USER_CS64, FLAT_USER_DS32, FLAT_USER_SS, HYPERVISOR_VIRT_END, HYPERVISOR_VIRT_START,
    MACH2PHYS_NR_ENTRIES, MACH2PHYS_VIRT_END, MACH2PHYS_VIRT_START, SegmentBase,
};
pub use policy::{ArchDomainConfig, CpuidLeaf, EmulationFlags, MsrEntry, NO_SUBLEAF};
pub use registers::{CpuUserRegs, IretContext};
pub use shared::{ArchSharedInfo, ArchVcpuInfo};
