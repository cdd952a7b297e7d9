//! Taking up the domains of a ringd that ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringwall_abi::domctl::DomainFlags;
use ringwall_api::{EventKind, Result};
use ringwall_devices::network;

use crate::console::Console;
use crate::daemon::Daemon;
use crate::domain::{Domain, Intent, Phase, Record, Start};
use crate::failure::OrFail as _;
use crate::{destroy, identity};

/// Reads what is written down of domains, and goes on with those that are still there. What was half made or half
/// destroyed is taken down; answers which of these have to be made anew.
pub(crate) fn adopt(daemon: &Arc<Daemon>) -> Result<Vec<Intent>> {
    let domains = daemon.hypervisor.domains().or_fail()?;
    let here: BTreeMap<u16, _> = domains
        .iter()
        .filter(|info| !info.flags.contains(DomainFlags::DYING))
        .map(|info| (info.domain.raw(), identity::format(&info.handle)))
        .collect();
    for record in daemon.registry.files()? {
        if here.get(&record.id) == Some(&record.uuid) && !record.is_ending {
            let (id, name) = (record.id, record.name.clone());
            match adopt_one(daemon, record) {
                Ok(()) => daemon.events.add(id, &name, EventKind::Adopted, ""),
                Err(failure) => log::error!("domain {name} can't be taken up: {failure}"),
            }
        } else {
            log::info!("domain {} is gone, or was to be", record.name);
            clear(daemon, &here, &record);
            daemon
                .events
                .add(record.id, &record.name, EventKind::Destroyed, "");
            daemon.registry.forget_file(record.id);
        }
    }
    let mut again = Vec::new();
    for mut intent in daemon.registry.intents()? {
        let uuid = &intent.record.uuid;
        if let Some((id, _)) = here.iter().find(|(_, other)| *other == uuid) {
            intent.record.id = *id;
        }
        let kept = daemon.registry.get(intent.record.id);
        if kept.is_some_and(|domain| domain.record.uuid == *uuid) {
            // It was complete but for this.
            if intent.start == Start::Running {
                let_run(daemon, &intent.record);
            }
        } else {
            log::info!("domain {} was half made", intent.record.name);
            clear(daemon, &here, &intent.record);
            // One that is still there is restarted when its end is looked at.
            let is_due = intent.is_restart && daemon.registry.find(&intent.record.name).is_err();
            again.extend(is_due.then(|| intent.clone()));
        }
        daemon.registry.forget_intent(&intent);
    }
    remove_strays(daemon);
    Ok(again)
}

/// Removes what consoles of domains left that are no more.
fn remove_strays(daemon: &Daemon) {
    let directory = daemon.replay_directory();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let id = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if id.and_then(|id| daemon.registry.get(id)).is_none() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Takes down what is left of a domain, unless somebody else has its number now.
fn clear(daemon: &Daemon, here: &BTreeMap<u16, String>, record: &Record) {
    let is_others = here
        .get(&record.id)
        .is_some_and(|uuid| *uuid != record.uuid);
    if record.id == 0 || is_others {
        destroy::forget_identity(daemon, record);
    } else {
        destroy::take_down(daemon, record);
    }
}

fn let_run(daemon: &Daemon, record: &Record) {
    let domain = record.domain();
    let is_paused = daemon
        .hypervisor
        .domain_info(domain)
        .is_ok_and(|info| info.flags.contains(DomainFlags::PAUSED));
    if is_paused && let Err(error) = daemon.hypervisor.unpause_domain(domain) {
        log::warn!("{} does not run: {error}", record.name);
    }
}

fn adopt_one(daemon: &Arc<Daemon>, record: Record) -> Result<()> {
    let log = daemon.log_path(&record.name);
    let console = Arc::new(Console::open(&log, &daemon.replay_path(record.id)));
    let domain = record.domain();
    // One that has ended is kept without its console.
    let served = daemon.consoles.add(
        &daemon.hypervisor,
        domain,
        record.console,
        Arc::clone(&console),
    );
    if let Err(failure) = served {
        log::warn!("the console of {}: {failure}", record.name);
    }
    if let Err(failure) = adopt_cards(daemon, &record) {
        log::warn!("the network of {}: {failure}", record.name);
    }
    daemon.registry.put(Domain {
        record,
        console,
        phase: Phase::Kept,
    })
}

/// Gives addresses and names to the domain's cards again.
fn adopt_cards(daemon: &Daemon, record: &Record) -> Result<()> {
    let mut store = daemon.device_store();
    for card in network::list(&mut store, record.domain()).or_fail()? {
        let index = usize::try_from(card.address.number).unwrap_or(usize::MAX);
        let fixed = record.guest.nets.get(index).and_then(|net| net.ip);
        daemon.network.adopt(&record.name, &card, fixed)?;
    }
    Ok(())
}
