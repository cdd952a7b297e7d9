//! `list`, `info`, `shutdown`, `reboot`, `wait`, and what others print of domains.

use std::time::Duration;

use ringwall_api::{
    Changed, Condition, Counters, Ending, Info, MemoryUse, Request, Result, Summary, Waited,
};

use super::{Session, device};
use crate::cli::EndDomains;
use crate::output::{FAINT, HEADING, Output, Table, cpu_time, memory, since, state_style};

pub(super) fn list(session: &Session<'_>) -> Result<u8> {
    session.show(Request::List, |output, domains: Vec<Summary>| {
        let mut table = Table::new([">ID", "NAME", "STATE", ">MEMORY", ">VCPUS", ">TIME", "UP"]);
        for domain in domains {
            let state = match domain.reason {
                Some(reason) => format!("{} ({})", domain.state.name(), reason.name()),
                None => domain.state.name().to_owned(),
            };
            let cells = [
                domain.id.to_string(),
                domain.name,
                state,
                memory(domain.memory_kib),
                domain.vcpus.to_string(),
                cpu_time(domain.cpu_time_ns),
                domain.created_ms.map_or_else(|| "-".to_owned(), since),
            ];
            table.row_with(cells, 2, state_style(domain.state));
        }
        table.print(output)
    })
}

pub(super) fn info(session: &Session<'_>, domain: String) -> Result<u8> {
    session.show(Request::Info { domain }, |output, info: Info| {
        let summary = &info.summary;
        let mut lines = vec![
            ("name", summary.name.clone()),
            ("id", summary.id.to_string()),
            ("uuid", info.uuid.clone()),
            (
                "state",
                output.styled(state_style(summary.state), summary.state.name()),
            ),
            (
                "memory",
                match summary.max_memory_kib {
                    Some(most) => format!("{} of {}", memory(summary.memory_kib), memory(most)),
                    None => memory(summary.memory_kib),
                },
            ),
            (
                "vcpus",
                format!("{} of {}", summary.vcpus, summary.max_vcpus),
            ),
            ("cpu time", cpu_time(summary.cpu_time_ns)),
        ];
        if let Some(reason) = summary.reason {
            lines.push(("reason", reason.name().to_owned()));
        }
        if let Some(created) = summary.created_ms {
            lines.push(("up", since(created)));
        }
        if let Some(guest) = &info.guest {
            lines.push(("kernel", guest.kernel.display().to_string()));
            if let Some(ramdisk) = &guest.ramdisk {
                lines.push(("ramdisk", ramdisk.display().to_string()));
            }
            lines.push(("cmdline", guest.cmdline.clone()));
            let on = &guest.on;
            let policies = format!(
                "poweroff {}, reboot {}, crash {}, watchdog {}",
                on.poweroff.name(),
                on.reboot.name(),
                on.crash.name(),
                on.watchdog.name()
            );
            lines.push(("on", policies));
            lines.push(("restarts", info.restarts.to_string()));
        }
        lines.push((
            "console",
            format!(
                "{} bytes, {} attached",
                info.console_bytes, info.console_attached
            ),
        ));
        if let Some(log) = &info.log {
            lines.push(("log", log.clone()));
        }
        for (name, value) in lines {
            output.line(&format!("{:10}{value}", format!("{name}:")))?;
        }
        section(output, "virtual CPUs", info.vcpu, device::vcpus)?;
        let counted = info.counters.iter().flat_map(counts).collect();
        section(output, "counters", counted, table)?;
        let used = info.memory_use.iter().flat_map(uses).collect();
        section(output, "memory", used, table)?;
        section(output, "disks", info.disk, device::disks)?;
        section(output, "network cards", info.net, device::nets)
    })
}

/// What all virtual CPUs did, by name.
fn counts(counters: &Counters) -> Vec<[String; 2]> {
    let hypercalls = counters.hypercalls;
    let all = [("hypercalls", hypercalls.sum())];
    let classes = hypercalls.by_class();
    let classes = classes.map(|(name, count)| [format!("hypercalls: {name}"), count.to_string()]);
    let rest = [
        ("page faults", counters.page_faults),
        ("emulated writes", counters.emulated_writes),
        ("emulated instructions", counters.emulated_instructions),
        ("upcalls", counters.upcalls),
        ("grants", counters.grants),
    ];
    let named = |(name, count): (&str, u64)| [name.to_owned(), count.to_string()];
    let all = all.map(named).into_iter();
    all.chain(classes).chain(rest.map(named)).collect()
}

/// What the domain's memory is used as.
fn uses(used: &MemoryUse) -> [[String; 2]; 8] {
    [
        ("writable", used.writable_kib),
        ("page tables, level 1", used.l1_kib),
        ("page tables, level 2", used.l2_kib),
        ("page tables, level 3", used.l3_kib),
        ("page tables, level 4", used.l4_kib),
        ("segment descriptors", used.descriptors_kib),
        ("shared by the hypervisor", used.shared_kib),
        ("unused", used.unused_kib),
    ]
    .map(|(name, kib)| [name.to_owned(), memory(kib)])
}

fn table(output: &Output, rows: Vec<[String; 2]>) -> Result<()> {
    let mut table = Table::new(["WHAT", ">NUMBER"]);
    rows.into_iter().for_each(|row| table.row(row));
    table.print(output)
}

/// A heading, and what is below it; nothing where nothing is.
pub(super) fn section<T>(
    output: &Output,
    title: &str,
    items: Vec<T>,
    show: impl FnOnce(&Output, Vec<T>) -> Result<()>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    output.line(&format!("\n{}", output.styled(HEADING, title)))?;
    show(output, items)
}

pub(super) fn end(session: &Session<'_>, end: EndDomains, how: Ending) -> Result<u8> {
    let request = Request::End {
        which: end.which.into(),
        how,
        wait_ms: end.wait.then(|| milliseconds(end.timeout)),
    };
    session.show(request, changed_all)
}

pub(super) fn wait(
    session: &Session<'_>,
    domain: String,
    condition: Condition,
    timeout: Option<Duration>,
) -> Result<u8> {
    let request = Request::Wait {
        domain,
        condition,
        timeout_ms: timeout.map(milliseconds),
    };
    session.show(request, |output, waited: Waited| {
        let time = format!(
            "{}.{:03} s",
            waited.waited_ms / 1000,
            waited.waited_ms % 1000
        );
        let detail = match waited.detail.is_empty() {
            true => String::new(),
            false => format!(": {}", output.foreign(&waited.detail)),
        };
        let time = output.styled(FAINT, &format!(" ({time})"));
        output.line(&format!("{}{detail}{time}", waited.name))
    })
}

pub(super) fn changed(output: &Output, changed: Changed) -> Result<()> {
    output.line(&format!("{} {}", changed.what, changed.name))
}

pub(super) fn changed_all(output: &Output, list: Vec<Changed>) -> Result<()> {
    list.into_iter().try_for_each(|one| changed(output, one))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
