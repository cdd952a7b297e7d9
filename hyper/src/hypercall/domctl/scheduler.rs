//! A domain's share of the CPUs, and where its virtual CPUs run.

use ringwall_abi::Errno;
use ringwall_abi::domctl::{
    AffinityFlags, NodeAffinity, SchedulerCommand, SchedulerId, SchedulerOp, SchedulerParameters,
    VcpuAffinity,
};
use ringwall_model::sched::{CpuId, CpuSet, Parameters};
use zerocopy::{FromBytes, IntoBytes};

use super::{body, read_bitmap, write_bitmap};
use crate::domain::Domain;
use crate::hypercall::{Call, Result, THE_CPU};
use crate::schedule;

/// `XEN_DOMCTL_scheduler_op`: weight and cap, as credit2 has them.
///
/// # Errors
/// `EINVAL` for another scheduler, a weight of 0, or an operation on single virtual CPUs, which share
/// their domain's.
pub(super) fn parameters(call: &Call<'_>, domain: &Domain) -> Result {
    let mut request: SchedulerOp = body::read(call)?;
    if SchedulerId::from_number(request.sched_id.into()) != Some(SchedulerId::Credit2) {
        return Err(Errno::EINVAL.into());
    }
    let group = domain.settings(|settings| settings.group);
    let group = group.ok_or(Errno::EINVAL)?;
    match SchedulerCommand::from_number(request.cmd.into()) {
        Some(SchedulerCommand::PutInfo) => {
            let (wanted, _) = SchedulerParameters::read_from_prefix(request.body.as_bytes())
                .map_err(|_| Errno::EINVAL)?;
            let parameters = Parameters {
                weight: wanted.weight,
                cap: wanted.cap,
            };
            schedule::set_parameters(group, parameters).map_err(|_| Errno::EINVAL)?;
            Ok(0)
        }
        Some(SchedulerCommand::GetInfo) => {
            let Parameters { weight, cap } =
                schedule::parameters(group).map_err(|_| Errno::EINVAL)?;
            let [word, _] = &mut request.body;
            *word = u64::from(weight) | u64::from(cap) << 16;
            body::write(call, &request)
        }
        Some(SchedulerCommand::PutVcpuInfo | SchedulerCommand::GetVcpuInfo) | None => {
            Err(Errno::EINVAL.into())
        }
    }
}

/// `XEN_DOMCTL_setvcpuaffinity`. What becomes effective is told in the request.
///
/// # Errors
/// `EINVAL` for no flag, or a set without a CPU of this machine; `ESRCH` for a virtual CPU that there is
/// not.
pub(super) fn set_affinity(call: &Call<'_>, domain: &Domain) -> Result {
    let request: VcpuAffinity = body::read(call)?;
    if request.flags.is_empty() || !AffinityFlags::all().contains(request.flags) {
        return Err(Errno::EINVAL.into());
    }
    let vcpu = domain.vcpu(request.vcpu).ok_or(Errno::ESRCH)?;
    let mut affinity = *vcpu.affinity.lock();
    if request.flags.contains(AffinityFlags::HARD) {
        affinity.hard = read_bitmap(&request.cpumap_hard)?;
        schedule::set_affinity(vcpu, affinity.hard).map_err(|_| Errno::EINVAL)?;
    }
    if request.flags.contains(AffinityFlags::SOFT) {
        affinity.soft = read_bitmap(&request.cpumap_soft)?;
    }
    *vcpu.affinity.lock() = affinity;
    if request.flags.contains(AffinityFlags::HARD) {
        write_bitmap(&request.cpumap_hard, &online(&affinity.hard))?;
    }
    if request.flags.contains(AffinityFlags::SOFT) {
        write_bitmap(&request.cpumap_soft, &online(&affinity.soft))?;
    }
    Ok(0)
}

/// `XEN_DOMCTL_getvcpuaffinity`.
///
/// # Errors
/// `EINVAL` for no flag; `ESRCH` for a virtual CPU that there is not.
pub(super) fn get_affinity(call: &Call<'_>, domain: &Domain) -> Result {
    let request: VcpuAffinity = body::read(call)?;
    if request.flags.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    let vcpu = domain.vcpu(request.vcpu).ok_or(Errno::ESRCH)?;
    let affinity = *vcpu.affinity.lock();
    if request.flags.contains(AffinityFlags::HARD) {
        write_bitmap(&request.cpumap_hard, &affinity.hard)?;
    }
    if request.flags.contains(AffinityFlags::SOFT) {
        write_bitmap(&request.cpumap_soft, &affinity.soft)?;
    }
    Ok(0)
}

fn online(set: &CpuSet) -> CpuSet {
    let cpu = CpuId::new(THE_CPU);
    if set.contains(cpu) {
        CpuSet::of(cpu)
    } else {
        CpuSet::EMPTY
    }
}

/// `XEN_DOMCTL_setnodeaffinity`: there is one node, on which all memory lies.
///
/// # Errors
/// `EINVAL` for a set without it.
pub(super) fn set_nodes(call: &Call<'_>) -> Result {
    let request: NodeAffinity = body::read(call)?;
    if read_bitmap(&request.nodemap)?.contains(CpuId::new(0)) {
        Ok(0)
    } else {
        Err(Errno::EINVAL.into())
    }
}

/// `XEN_DOMCTL_getnodeaffinity`.
pub(super) fn get_nodes(call: &Call<'_>) -> Result {
    let request: NodeAffinity = body::read(call)?;
    write_bitmap(&request.nodemap, &CpuSet::of(CpuId::new(0)))?;
    Ok(0)
}
