//! What is told of domains and of the machine.

use std::time::Instant;

use ringwall_api::{Info, Machine, Result, Sample, Summary};

use super::{devices, target, vcpus};
use crate::daemon::Daemon;
use crate::domain::{pages_kib, summary};
use crate::failure::OrFail as _;
use crate::identity;

/// All domains.
pub(super) fn list(daemon: &Daemon) -> Result<Vec<Summary>> {
    let domains = daemon.hypervisor.domains().or_fail()?;
    let lines = domains.iter().map(|info| {
        let target = target::of(daemon, info);
        let created = target.kept.map(|domain| domain.record.created_ms);
        summary(info, target.name, created)
    });
    Ok(lines.collect())
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
    Ok(Info {
        summary: summary(
            &info,
            target.name.clone(),
            record.map(|record| record.created_ms),
        ),
        uuid: identity::format(&info.handle),
        guest: record.map(|record| record.guest.clone()),
        restarts: record.map_or(0, |record| record.restarts),
        vcpu: vcpus::list(daemon, target.id)?,
        disk: devices::disks(daemon, target.id)?,
        net: devices::nets(daemon, target.id)?,
        console_bytes,
        console_attached,
        log,
    })
}

/// The machine and all domains.
pub(super) fn sample(daemon: &Daemon) -> Result<Sample> {
    let machine = daemon.hypervisor.machine().or_fail()?;
    let version = daemon.hypervisor.version().or_fail()?;
    let product = match daemon.hypervisor.is_ringwall().or_fail()? {
        true => "Ringwall",
        false => "Xen",
    };
    Ok(Sample {
        time_ns: u64::try_from(daemon.started.elapsed().as_nanos()).unwrap_or(u64::MAX),
        machine: Machine {
            hypervisor: format!("{product} {version}"),
            total_kib: pages_kib(machine.total_pages),
            free_kib: pages_kib(machine.free_pages),
            cpus: machine.nr_cpus,
            cpu_khz: machine.cpu_khz,
        },
        domains: list(daemon)?,
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
