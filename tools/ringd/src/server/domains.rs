//! What is told of domains and of the machine.

use std::time::Instant;

use ringwall_abi::DomainId;
use ringwall_abi::domctl::GetDomainInfo;
use ringwall_api::{Info, Load, Machine, Result, Sample, Summary};

use super::target::Target;
use super::{devices, statistics, target, vcpus};
use crate::daemon::Daemon;
use crate::domain::{pages_kib, summary};
use crate::failure::OrFail as _;
use crate::identity;

/// All domains.
pub(super) fn list(daemon: &Daemon) -> Result<Vec<Summary>> {
    let domains = daemon.hypervisor.domains().or_fail()?;
    let lines = domains.iter().map(|info| {
        let target = target::of(daemon, info);
        shown(info, &target)
    });
    Ok(lines.collect())
}

fn shown(info: &GetDomainInfo, target: &Target) -> Summary {
    let record = target.kept.as_ref().map(|domain| &domain.record);
    let created_ms = record.map(|record| record.created_ms);
    let mut summary = summary(info, target.name.clone(), created_ms);
    if let Some(record) = record {
        // Without what the hypervisor allows above it.
        summary.max_memory_kib = Some(record.guest.max_memory_kib);
    }
    summary
}

/// All of one domain.
pub(super) fn info(daemon: &Daemon, name: &str) -> Result<Info> {
    let target = target::find(daemon, name)?;
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    let record = target.kept.as_ref().map(|domain| &domain.record);
    let facts = target.kept.as_ref().map(|domain| domain.console.facts());
    let (console_bytes, console_attached, log) = match facts {
        Some((bytes, attached, log)) => (bytes, attached, Some(log.display().to_string())),
        None => (0, 0, None),
    };
    let vcpu = vcpus::list(daemon, target.id)?;
    Ok(Info {
        summary: shown(&info, &target),
        uuid: identity::format(&info.handle),
        guest: record.map(|record| record.guest.clone()),
        restarts: record.map_or(0, |record| record.restarts),
        counters: statistics::sum(&vcpu),
        vcpu,
        memory_use: statistics::memory_use(daemon, target.id),
        disk: devices::disks(daemon, target.id)?,
        net: devices::nets(daemon, target.id)?,
        console_bytes,
        console_attached,
        log,
    })
}

/// The machine and all domains.
pub(super) fn sample(daemon: &Daemon, memory_use: bool) -> Result<Sample> {
    let machine = daemon.hypervisor.machine().or_fail()?;
    let version = daemon.hypervisor.version().or_fail()?;
    let product = match daemon.hypervisor.is_ringwall().or_fail()? {
        true => "Ringwall",
        false => "Xen",
    };
    let look = |summary: Summary| {
        let domain = DomainId::new(summary.id);
        Load {
            counters: statistics::of_domain(daemon, domain, summary.max_vcpus),
            memory_use: match memory_use {
                true => statistics::memory_use(daemon, domain),
                false => None,
            },
            summary,
        }
    };
    let domains = list(daemon)?.into_iter().map(look);
    Ok(Sample {
        time_ns: u64::try_from(daemon.started.elapsed().as_nanos()).unwrap_or(u64::MAX),
        machine: Machine {
            hypervisor: format!("{product} {version}"),
            total_kib: pages_kib(machine.total_pages),
            free_kib: pages_kib(machine.free_pages),
            cpus: machine.nr_cpus,
            cpu_khz: machine.cpu_khz,
        },
        domains: domains.collect(),
    })
}

/// The hypervisor's log.
pub(super) fn dmesg(daemon: &Daemon) -> Result<Vec<String>> {
    let mut bytes = Vec::new();
    let mut index = 0;
    let begin = Instant::now();
    loop {
        let (more, next) = daemon.hypervisor.read_console(index).or_fail()?;
        // A log that grows faster than it is read has an end nevertheless.
        if more.is_empty() || begin.elapsed().as_secs() > 5 {
            break;
        }
        bytes.extend(more);
        index = next;
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines = text
        .lines()
        .map(|line| line.trim_end_matches(['\r', '\0']).to_owned());
    Ok(lines.collect())
}
