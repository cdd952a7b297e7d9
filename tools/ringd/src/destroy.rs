//! Taking a domain down: everything that it had is given back.

use std::time::Duration;

use ringwall_abi::Errno;
use ringwall_api::{EventKind, Result};
use ringwall_devices::{backend, network};

use crate::daemon::Daemon;
use crate::domain::Record;
use crate::store;

/// How long dom0's drivers may take to let a device go.
const DEVICE_LIMIT: Duration = Duration::from_secs(5);

/// How long they may take to take up a device that came just now.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

/// What becomes of a console at the end of its domain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConsoleEnd {
    /// It ends too.
    Ends,
    /// The domain that follows goes on with it.
    GoesOn,
}

/// Destroys a domain that this ringd keeps.
pub(crate) fn destroy(daemon: &Daemon, id: u16, console: ConsoleEnd) -> Result<Record> {
    let domain = daemon.registry.take(id)?;
    let record = domain.record;
    take_down(daemon, &record);
    if console == ConsoleEnd::Ends {
        domain.console.end();
    }
    daemon.registry.remove(id);
    daemon
        .events
        .add(id, &record.name, EventKind::Destroyed, "");
    Ok(record)
}

/// Ends the domain and removes what is around it. Each step is done whatever came of those before.
pub(crate) fn take_down(daemon: &Daemon, record: &Record) {
    let domain = record.domain();
    let complain = |what: &str, error: &dyn std::fmt::Display| {
        log::warn!("while {} was destroyed: {what}: {error}", record.name);
    };
    // It runs no more, so it can't answer what happens to its devices by new ones.
    match daemon.hypervisor.pause_domain(domain) {
        Ok(()) => {}
        Err(error) if error.is(Errno::ESRCH) => {}
        Err(error) => complain("pause", &error),
    }
    let mut device_store = daemon.device_store();
    for card in network::list(&mut device_store, domain).unwrap_or_default() {
        card.mac
            .into_iter()
            .for_each(|mac| daemon.network.forget(mac));
    }
    let settled = backend::settle(&mut device_store, domain, SETTLE_LIMIT);
    match settled.and_then(|()| backend::remove_all(&mut device_store, domain)) {
        Ok(devices) => {
            for device in devices {
                if !backend::wait_until_let_go(device, DEVICE_LIMIT) {
                    complain("devices", &"dom0's driver still holds one");
                }
                // While it let go it may have complained in the store that the nodes were gone.
                if let Err(error) = backend::remove(&mut device_store, device) {
                    complain("devices", &error);
                }
            }
        }
        Err(error) => complain("devices", &error),
    }
    daemon.consoles.remove(domain);
    if let Err(error) = daemon.store.release(domain) {
        complain("store", &error);
    }
    match daemon.hypervisor.destroy_domain(domain) {
        Ok(()) => {}
        Err(error) if error.is(Errno::ESRCH) => {}
        Err(error) => complain("memory", &error),
    }
    forget(daemon, record);
}

/// Removes what is known by a domain's UUID alone.
pub(crate) fn forget_identity(daemon: &Daemon, record: &Record) {
    store::forget_identity(&daemon.store, record);
}

/// Removes what the store and files have of a domain.
fn forget(daemon: &Daemon, record: &Record) {
    store::forget(&daemon.store, record);
    let _ = std::fs::remove_file(daemon.replay_path(record.id));
}
