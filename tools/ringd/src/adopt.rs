//! Taking up the domains of a ringd that ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringwall_abi::domctl::DomainFlags;
use ringwall_api::{EventKind, Result};
use ringwall_devices::network;

use crate::console::Console;
use crate::daemon::Daemon;
use crate::domain::{Domain, Phase, Record};
use crate::failure::OrFail as _;
use crate::{destroy, identity};

/// Reads what is written down of domains, and goes on with those that are still there.
pub(crate) fn adopt(daemon: &Arc<Daemon>) -> Result<()> {
    let domains = daemon.hypervisor.domains().or_fail()?;
    let here: BTreeMap<u16, _> = domains
        .iter()
        .filter(|info| !info.flags.contains(DomainFlags::DYING))
        .map(|info| (info.domain.raw(), identity::format(&info.handle)))
        .collect();
    for record in daemon.registry.files()? {
        if here.get(&record.id) == Some(&record.uuid) {
            let (id, name) = (record.id, record.name.clone());
            match adopt_one(daemon, record) {
                Ok(()) => daemon.events.add(id, &name, EventKind::Adopted, ""),
                Err(failure) => log::error!("domain {name} can't be taken up: {failure}"),
            }
        } else {
            log::info!("domain {} is gone", record.name);
            destroy::forget(daemon, &record);
            daemon.registry.forget_file(record.id);
        }
    }
    Ok(())
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
