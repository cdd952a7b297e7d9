//! Which operation it is.

use ringwall_abi::Errno;
use ringwall_abi::sysctl::{INTERFACE_VERSION, SysctlHeader, SysctlOp};

use super::{console, domains, machine, policy, pools, topology};
use crate::domain;
use crate::hypercall::{Call, Result};

/// Handles `sysctl`.
pub(in crate::hypercall) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
    let header: SysctlHeader = call.read(0)?;
    if header.interface_version != INTERFACE_VERSION {
        return Err(Errno::EACCES.into());
    }
    let operation = SysctlOp::from_number(header.cmd.into()).ok_or(Errno::ENOSYS)?;
    domain::reap_all();
    match operation {
        SysctlOp::PhysInfo => machine::describe(call),
        SysctlOp::AvailHeap => machine::free_memory(call),
        SysctlOp::SchedId => machine::scheduler(call),
        SysctlOp::SchedulerOp => machine::scheduler_parameters(call),
        SysctlOp::ReadConsole => console::read(call),
        SysctlOp::GetDomainInfoList => domains::list(call),
        SysctlOp::GetCpuInfo => topology::idle_times(call),
        SysctlOp::CpuTopologyInfo => topology::cpus(call),
        SysctlOp::NumaInfo => topology::nodes(call),
        SysctlOp::CpupoolOp => pools::handle(call),
        SysctlOp::GetCpuPolicy => policy::get(call),
        SysctlOp::GetCpuFeatureset => policy::features(call),
        _ => Err(Errno::ENOSYS.into()),
    }
}
