//! Which operation it is.

use ringwall_abi::Errno;
use ringwall_abi::domctl::{DomctlHeader, DomctlOp, INTERFACE_VERSION};

use super::{context, create, info, life, pages, permission, policy, scheduler, settings};
use crate::domain;
use crate::hypercall::{Call, Result};

/// Handles `domctl`.
pub(in crate::hypercall) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
    let header: DomctlHeader = call.read(0)?;
    if header.interface_version != INTERFACE_VERSION {
        return Err(Errno::EACCES.into());
    }
    let operation = DomctlOp::from_number(header.cmd.into()).ok_or(Errno::ENOSYS)?;
    domain::reap_all();
    match operation {
        DomctlOp::CreateDomain => return create::create(call, header.domain),
        // Of this domain, or of the next above.
        DomctlOp::GetDomainInfo => return info::domain(call, header.domain),
        _ => {}
    }
    let domain = domain::find(header.domain).ok_or(Errno::ESRCH)?;
    match operation {
        DomctlOp::DestroyDomain => life::destroy(call, domain),
        DomctlOp::PauseDomain => life::pause(call, domain),
        DomctlOp::UnpauseDomain => life::unpause(call, domain),
        DomctlOp::ResumeDomain => life::resume(call, domain),
        DomctlOp::Subscribe => life::subscribe(call, domain),
        DomctlOp::MaxVcpus => create::vcpus(call, domain),
        DomctlOp::MaxMem => create::max_memory(call, domain),
        DomctlOp::SetVcpuContext => context::set(call, domain),
        DomctlOp::GetVcpuContext => context::get(call, domain),
        DomctlOp::GetVcpuInfo => info::vcpu(call, domain),
        DomctlOp::GetPageFrameInfo3 => pages::types(call, domain),
        DomctlOp::SchedulerOp => scheduler::parameters(call, domain),
        DomctlOp::SetVcpuAffinity => scheduler::set_affinity(call, domain),
        DomctlOp::GetVcpuAffinity => scheduler::get_affinity(call, domain),
        DomctlOp::SetNodeAffinity => scheduler::set_nodes(call),
        DomctlOp::GetNodeAffinity => scheduler::get_nodes(call),
        DomctlOp::SetDomainHandle => settings::set_handle(call, domain),
        DomctlOp::SetTimeOffset => settings::set_time_offset(call, domain),
        DomctlOp::SetAddressSize => settings::set_address_size(call),
        DomctlOp::GetAddressSize => settings::get_address_size(call),
        DomctlOp::HypercallInit => settings::fill_hypercall_page(call, domain),
        DomctlOp::GetTscInfo => settings::get_clock(call, domain),
        DomctlOp::SetTscInfo => settings::set_clock(call, domain),
        DomctlOp::SetVirqHandler => settings::set_virq_handler(call, domain),
        DomctlOp::IoportPermission => permission::ports(call, domain),
        DomctlOp::IomemPermission => permission::frames(call, domain),
        DomctlOp::IrqPermission => permission::interrupts(call, domain),
        DomctlOp::GetCpuPolicy => policy::get(call),
        DomctlOp::SetCpuPolicy => policy::set(call, domain),
        _ => Err(Errno::ENOSYS.into()),
    }
}
