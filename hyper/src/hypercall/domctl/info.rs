//! What a domain is, and what its virtual CPUs do.

use core::sync::atomic::Ordering;

use ringwall_abi::domctl::{DomainFlags, GetDomainInfo, GetVcpuInfo, INVALID_MAX_VCPU_ID};
use ringwall_abi::vcpu::Runstate;
use ringwall_abi::{DomainId, Errno};

use super::body;
use crate::domain::{self, Domain};
use crate::hypercall::{Call, Result};
use crate::vcpu::Vcpu;
use crate::{clock, hypercall};

/// `XEN_DOMCTL_getdomaininfo`: of the domain, or of the next above.
///
/// # Errors
/// `ESRCH` where there is none.
pub(super) fn domain(call: &Call<'_>, id: DomainId) -> Result {
    let domain = domain::first_from(id).ok_or(Errno::ESRCH)?;
    body::write_domain(call, domain.id())?;
    body::write(call, &describe(domain))
}

/// What there is to say of a domain.
pub(in crate::hypercall) fn describe(domain: &'static Domain) -> GetDomainInfo {
    let (tot_pages, max_pages, outstanding_pages) = {
        let memory = domain.memory().lock();
        let claimed = memory.claim().frames();
        (memory.total_pages(), memory.max_pages(), claimed)
    };
    let (handle, store) = domain.settings(|settings| (settings.handle, settings.limits.is_store));
    let now_ns = clock::now_ns();
    let count = domain.vcpu_count();
    let online = domain
        .vcpus()
        .filter(|vcpu| vcpu.up.load(Ordering::Relaxed));
    GetDomainInfo {
        domain: domain.id(),
        flags: flags(domain, store),
        tot_pages,
        max_pages,
        outstanding_pages,
        shared_info_frame: domain.shared_info().raw(),
        cpu_time: domain.vcpus().map(|vcpu| ran_ns(vcpu, now_ns)).sum(),
        nr_online_vcpus: u32::try_from(online.count()).unwrap_or(u32::MAX),
        max_vcpu_id: count.checked_sub(1).unwrap_or(INVALID_MAX_VCPU_ID),
        handle,
        ..Default::default()
    }
}

fn flags(domain: &'static Domain, is_store: bool) -> DomainFlags {
    let life = domain.life();
    let mut flags = DomainFlags::BLOCKED;
    for vcpu in domain
        .vcpus()
        .filter(|vcpu| vcpu.up.load(Ordering::Relaxed))
    {
        if !vcpu.blocked.load(Ordering::Relaxed) {
            flags.remove(DomainFlags::BLOCKED);
        }
        if vcpu.runstates.lock().state == Runstate::Running {
            flags.insert(DomainFlags::RUNNING);
        }
    }
    flags.set(DomainFlags::DYING, !life.is_alive());
    flags.set(DomainFlags::PAUSED, life.is_paused());
    flags.set(DomainFlags::XS_DOMAIN, is_store);
    match life.shutdown_reason() {
        None => flags,
        Some(reason) => (flags | DomainFlags::SHUTDOWN).with_shutdown_reason(reason.into()),
    }
}

fn ran_ns(vcpu: &Vcpu, now_ns: u64) -> u64 {
    let [running_ns, ..] = vcpu.runstates.lock().at(now_ns).time;
    running_ns
}

/// `XEN_DOMCTL_getvcpuinfo`.
///
/// # Errors
/// `ESRCH` for a virtual CPU that there is not.
pub(super) fn vcpu(call: &Call<'_>, domain: &'static Domain) -> Result {
    let request: GetVcpuInfo = body::read(call)?;
    let vcpu = domain.vcpu(request.vcpu).ok_or(Errno::ESRCH)?;
    let runs = vcpu.runstates.lock().state == Runstate::Running;
    let answer = GetVcpuInfo {
        vcpu: request.vcpu,
        online: vcpu.up.load(Ordering::Relaxed).into(),
        blocked: vcpu.blocked.load(Ordering::Relaxed).into(),
        running: runs.into(),
        cpu_time: ran_ns(vcpu, clock::now_ns()),
        // There is one.
        cpu: hypercall::THE_CPU,
        ..Default::default()
    };
    body::write(call, &answer)
}
