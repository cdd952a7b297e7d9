//! What a toolstack asks of a domain.
//!
//! Source: `public/domctl.h`.

mod create;
mod info;
mod ops;
mod permission;
mod scheduler;
mod vcpu;

pub use create::{CreateDomain, CreateFlags, GRANT_VERSION_MASK, MaxMem, MaxVcpus};
pub use info::{DomainFlags, GetDomainInfo, GetPageFrameInfo3, INVALID_MAX_VCPU_ID, PageFrameType};
pub use ops::{DomctlHeader, DomctlOp, DomctlRequest, INTERFACE_VERSION};
pub use permission::{
    IomemPermission, IoportPermission, IrqPermission, MemoryMapping, SetVirqHandler,
};
pub use scheduler::{
    RtdsParameters, SchedulerCommand, SchedulerId, SchedulerOp, SchedulerParameters,
    SchedulerVcpus, VcpuParameters,
};
pub use vcpu::{
    AddressSize, AffinityFlags, CpuPolicy, GetVcpuInfo, HypercallInit, NodeAffinity, SendTrigger,
    SetDebugging, SetDomainHandle, SetTimeOffset, TscInfo, VcpuAffinity, VcpuContext,
};
