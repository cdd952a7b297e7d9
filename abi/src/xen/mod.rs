//! The core: hypercalls, page-table updates, the shared page, the start of day.
//!
//! Source: `public/xen.h`.

mod assist;
mod console_io;
mod control;
mod hypercall;
mod mmu;
mod mmuext;
mod shared_info;
mod start_info;
mod vga;
mod virq;

pub use assist::{VmAssistCommand, VmAssistType};
pub use console_io::ConsoleIoOp;
pub use control::{ControlBitmap, DomainHandle};
pub use hypercall::{HYPERCALL_PAGE_ENTRY_SIZE, Hypercall, MulticallEntry};
pub use mmu::{MmuUpdate, MmuUpdateCommand, VaFlush, VaFlushScope, VaMappingFlags};
pub use mmuext::{MmuExtCommand, MmuextOp};
pub use shared_info::{PvclockFlags, SharedInfo, VcpuInfo, VcpuTimeInfo};
pub use start_info::{MultibootModule, StartFlags, StartInfo};
pub use vga::{VesaLfb, VgaConsoleInfo, VgaTextMode3, VideoType};
pub use virq::Virq;

/// virtual CPUs whose [`VcpuInfo`] lies in the shared page; others register one of their own.
#[doc(alias = "XEN_LEGACY_MAX_VCPUS")]
pub const LEGACY_MAX_VCPUS: usize = 32;
