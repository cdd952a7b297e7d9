//! Virtual CPUs and memory.

use ringwall_abi::{DomainId, VcpuId};
use ringwall_api::{Failure, Kind, MemoryInfo, Result, VcpuInfo};
use ringwall_guestfile::CpuSet;
use ringwall_xenstore::home;

use super::statistics;
use super::target::{self, Target};
use crate::daemon::Daemon;
use crate::domain::{pages_kib, vcpu_count};
use crate::failure::OrFail as _;

/// What Xen's toolstack leaves a domain above its maximum, in pages; the builder does too.
const SLACK_PAGES: u64 = 256;
const PAGE_KIB: u64 = 4;

pub(super) fn list_of(daemon: &Daemon, name: &str) -> Result<Vec<VcpuInfo>> {
    list(daemon, target::find(daemon, name)?.id)
}

/// All virtual CPUs that a domain may have.
pub(super) fn list(daemon: &Daemon, domain: DomainId) -> Result<Vec<VcpuInfo>> {
    let hypervisor = &daemon.hypervisor;
    let cpus = hypervisor.machine().or_fail()?.nr_cpus;
    let info = hypervisor.domain_info(domain).or_fail()?;
    let mut vcpus = Vec::new();
    for number in 0..vcpu_count(&info) {
        let vcpu = VcpuId::new(number);
        // Numbers may have gaps.
        let Ok(info) = hypervisor.vcpu_info(domain, vcpu) else {
            continue;
        };
        let pinned = hypervisor.vcpu_pinning(domain, vcpu).or_fail()?;
        let here: CpuSet = pinned.into_iter().filter(|cpu| *cpu < cpus).collect();
        vcpus.push(VcpuInfo {
            vcpu: number,
            online: info.online != 0,
            blocked: info.blocked != 0,
            running: info.running != 0,
            cpu: info.cpu,
            cpu_time_ns: info.cpu_time,
            affinity: here.to_string(),
            statistics: statistics::of_vcpu(daemon, domain, vcpu),
        });
    }
    Ok(vcpus)
}

/// Says where virtual CPUs may run; everywhere without a list.
pub(super) fn pin(
    daemon: &Daemon,
    name: &str,
    vcpu: Option<u32>,
    cpus: Option<&[u32]>,
) -> Result<Vec<VcpuInfo>> {
    let target = target::find(daemon, name)?;
    let machine = daemon.hypervisor.machine().or_fail()?;
    let all: Vec<u32> = (0..machine.nr_cpus).collect();
    let cpus = cpus.unwrap_or(&all);
    if !cpus.iter().any(|cpu| *cpu < machine.nr_cpus) {
        let message = format!("the machine has no such CPU: it has {}", machine.nr_cpus);
        return Err(Failure::new(Kind::NotFound, message));
    }
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    let count = vcpu_count(&info);
    let wanted = match vcpu {
        Some(vcpu) if vcpu >= count => {
            let message = format!("{} has no virtual CPU {vcpu}: it has {count}", target.name);
            return Err(Failure::new(Kind::NotFound, message));
        }
        Some(vcpu) => vcpu..vcpu + 1,
        None => 0..count,
    };
    for vcpu in wanted {
        daemon
            .hypervisor
            .pin_vcpu(target.id, VcpuId::new(vcpu), cpus)
            .or_fail()?;
    }
    list(daemon, target.id)
}

/// Asks a guest to bring virtual CPUs up or take them down.
pub(super) fn set(daemon: &Daemon, name: &str, count: u32) -> Result<Vec<VcpuInfo>> {
    let target = target::find_guest(daemon, name)?;
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    let most = vcpu_count(&info);
    if !(1..=most).contains(&count) {
        let message = format!(
            "{} can have 1 to {most} virtual CPUs: max_vcpus= of the guest file says so",
            target.name
        );
        return Err(Failure::new(Kind::BadInput, message));
    }
    for vcpu in 0..most {
        let state = if vcpu < count { "online" } else { "offline" };
        let path = format!("{}/cpu/{vcpu}/availability", home(target.id));
        daemon.store.write(&path, state).or_fail()?;
    }
    list(daemon, target.id)
}

/// Asks a guest to have so much memory.
pub(super) fn memory_set(daemon: &Daemon, name: &str, kib: u64) -> Result<MemoryInfo> {
    let target = target::find(daemon, name)?;
    let most = max_kib(daemon, &target)?;
    if kib > most {
        let message = format!(
            "{} may have at most {most} KiB: raise that by ringctl memory max",
            target.name
        );
        return Err(Failure::new(Kind::NoRoom, message));
    }
    let path = format!("{}/memory/target", home(target.id));
    daemon.store.write(&path, kib.to_string()).or_fail()?;
    memory(daemon, &target)
}

/// Sets the most that a domain may have.
pub(super) fn memory_max(daemon: &Daemon, name: &str, kib: u64) -> Result<MemoryInfo> {
    let target = target::find_guest(daemon, name)?;
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    if kib < pages_kib(info.tot_pages) {
        let has = pages_kib(info.tot_pages);
        let message = format!(
            "{} has {has} KiB now: lower that by ringctl memory set first",
            target.name
        );
        return Err(Failure::new(Kind::InUse, message));
    }
    let pages = (kib / PAGE_KIB).saturating_add(SLACK_PAGES);
    daemon
        .hypervisor
        .set_max_pages(target.id, pages)
        .or_fail()?;
    let path = format!("{}/memory/static-max", home(target.id));
    daemon.store.write(&path, kib.to_string()).or_fail()?;
    if target.kept.is_some() {
        daemon.registry.change(target.id.raw(), |domain| {
            domain.record.guest.max_memory_kib = kib;
        })?;
    }
    memory(daemon, &target)
}

fn memory(daemon: &Daemon, target: &Target) -> Result<MemoryInfo> {
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    let has = pages_kib(info.tot_pages);
    let wanted = daemon
        .store
        .read_text(&format!("{}/memory/target", home(target.id)));
    Ok(MemoryInfo {
        id: target.id.raw(),
        name: target.name.clone(),
        memory_kib: has,
        target_kib: wanted
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(has),
        max_memory_kib: max_kib(daemon, target)?,
    })
}

/// The most that a domain may have, without what it is left above that.
fn max_kib(daemon: &Daemon, target: &Target) -> Result<u64> {
    let path = format!("{}/memory/static-max", home(target.id));
    let said = daemon.store.read_text(&path);
    match said.and_then(|text| text.trim().parse().ok()) {
        Some(kib) => Ok(kib),
        None => {
            let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
            Ok(pages_kib(info.max_pages.saturating_sub(SLACK_PAGES)))
        }
    }
}
