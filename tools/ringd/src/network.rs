//! The default network: made when the first card needs it, with addresses and names for its guests.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ringwall_abi::DomainId;
use ringwall_api::Result;
use ringwall_devices::network::{self, CardInfo, CardRequest, DefaultNetwork, Links, Settings};
use ringwall_devices::services::{Files, Services};
use ringwall_guestfile::{Mac, Net};

use crate::daemon::Daemon;
use crate::failure::OrFail as _;

/// How long dom0's driver may take for an interface.
const DRIVER_LIMIT: Duration = Duration::from_secs(10);
/// Events of leases that may wait for their reader.
const LEASES: usize = 64;
/// dom0's name servers.
const RESOLVERS: &str = "/etc/resolv.conf";

/// dom0's network, as far as guests are on it.
pub(crate) struct Network {
    leases: PathBuf,
    default: Mutex<Option<Default>>,
    given: Arc<Mutex<Given>>,
}

/// Addresses that guests asked for and got.
type Given = BTreeMap<Mac, Ipv4Addr>;

/// The default network, served.
struct Default {
    bridge: String,
    services: Services,
}

/// A domain that gets a card.
pub(crate) struct Owner<'a> {
    pub(crate) domain: DomainId,
    /// From which addresses are derived, and which the name service knows.
    pub(crate) name: &'a str,
}

impl Network {
    /// Nothing yet; leases are kept in `state`.
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            leases: state.join("leases"),
            default: Mutex::default(),
            given: Arc::default(),
        }
    }

    /// Attaches a card, and puts it on its bridge. On an error nothing of it is left.
    pub(crate) fn attach(
        &self,
        daemon: &Daemon,
        owner: &Owner<'_>,
        index: u32,
        net: &Net,
    ) -> Result<CardInfo> {
        let mut links = Links::new();
        let default_bridge = match net.bridge {
            Some(_) => String::new(),
            None => self.bridge(&mut links)?,
        };
        let mut store = daemon.device_store();
        let request = CardRequest {
            domain: owner.domain,
            name: owner.name,
            index,
            net,
            default_bridge: &default_bridge,
        };
        let card = network::attach(&mut store, &mut links, request).or_fail()?;
        network::connect_within(&mut store, &mut links, card.address, DRIVER_LIMIT).or_fail()?;
        // Not before dom0's driver has it: nodes that are removed while it takes them up come back.
        if let Err(failure) = self.know(owner.name, &card, net.ip) {
            ringwall_devices::backend::remove(&mut store, card.address).or_fail()?;
            return Err(failure);
        }
        Ok(card)
    }

    /// Knows a card that an earlier ringd attached.
    pub(crate) fn adopt(&self, name: &str, card: &CardInfo, fixed: Option<Ipv4Addr>) -> Result<()> {
        self.bridge(&mut Links::new())?;
        self.know(name, card, fixed)
    }

    /// Forgets a card that is gone.
    pub(crate) fn forget(&self, mac: Mac) {
        if let Some(default) = &*self.lock() {
            default.services.remove(mac);
        }
        given(&self.given).remove(&mac);
    }

    /// The address that a card asked for and got.
    pub(crate) fn address(&self, mac: Mac) -> Option<Ipv4Addr> {
        given(&self.given).get(&mac).copied()
    }

    /// Tells the services of a card on the default network.
    fn know(&self, name: &str, card: &CardInfo, fixed: Option<Ipv4Addr>) -> Result<()> {
        if let (Some(default), Some(mac)) = (&*self.lock(), card.mac)
            && default.bridge == card.bridge
        {
            default.services.add(mac, name, fixed).or_fail()?;
        }
        Ok(())
    }

    /// The default network's bridge. It is made, or found as an earlier ringd made it.
    fn bridge(&self, links: &mut Links) -> Result<String> {
        let mut place = self.lock();
        if let Some(default) = &*place {
            return Ok(default.bridge.clone());
        }
        let network = DefaultNetwork::ensure(links, Settings::default()).or_fail()?;
        let bridge = network.settings().bridge.clone();
        let (sender, leases) = sync_channel(LEASES);
        let files = Files {
            leases: self.leases.clone(),
            resolvers: RESOLVERS.into(),
        };
        let services = Services::start(&network, files, Some(sender)).or_fail()?;
        let known = Arc::clone(&self.given);
        for event in services.leases() {
            given(&known).insert(event.lease.mac, event.lease.address);
        }
        thread::Builder::new()
            .name("leases".into())
            .spawn(move || {
                for event in leases {
                    let (mac, address) = (event.lease.mac, event.lease.address);
                    // A guest can ask for the same again without end.
                    if given(&known).insert(mac, address) != Some(address) {
                        let name = event.name.as_deref().unwrap_or("a guest");
                        log::info!("{name} has the address {address}");
                    }
                }
            })?;
        *place = Some(Default {
            bridge: bridge.clone(),
            services,
        });
        Ok(bridge)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Default>> {
        self.default.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn given(given: &Mutex<Given>) -> MutexGuard<'_, Given> {
    given.lock().unwrap_or_else(PoisonError::into_inner)
}
