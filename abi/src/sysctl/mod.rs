//! What a toolstack asks of the machine.
//!
//! Source: `public/sysctl.h`.

mod machine;
mod ops;
mod topology;

pub use machine::{
    AvailHeap, CpuInfo, DebugKeys, GetCpuInfo, GetDomainInfoList, PhysCapabilities, PhysInfo,
    ReadConsole, SchedId,
};
pub use ops::{INTERFACE_VERSION, SysctlHeader, SysctlOp, SysctlRequest};
pub use topology::{
    CpuTopology, CpuTopologyInfo, CpupoolCommand, CpupoolOp, INVALID_ID, MemoryInfo, NumaInfo,
    PciTopologyInfo, SysctlCpuPolicy,
};
