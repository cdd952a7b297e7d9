//! The default network, made when the first card needs it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ringwall_abi::DomainId;
use ringwall_api::Result;
use ringwall_devices::address::DeviceAddress;
use ringwall_devices::network::{self, CardRequest, DefaultNetwork, Links, Settings};
use ringwall_guestfile::Net;

use crate::daemon::Daemon;
use crate::failure::OrFail as _;

/// How long dom0's driver may take for an interface.
const DRIVER_LIMIT: Duration = Duration::from_secs(10);

/// dom0's network, as far as guests are on it.
#[derive(Default)]
pub(crate) struct Network {
    default: Mutex<Option<DefaultNetwork>>,
}

/// A domain that gets a card.
pub(crate) struct Owner<'a> {
    pub(crate) domain: DomainId,
    /// From which addresses are derived.
    pub(crate) name: &'a str,
}

impl Network {
    /// Attaches a card, and puts it on its bridge.
    pub(crate) fn attach(
        &self,
        daemon: &Daemon,
        owner: &Owner<'_>,
        index: u32,
        net: &Net,
    ) -> Result<DeviceAddress> {
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
        Ok(card.address)
    }

    /// The default network's bridge. It is made, or found as an earlier ringd made it.
    fn bridge(&self, links: &mut Links) -> Result<String> {
        let mut default = self.default.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = &*default {
            return Ok(network.settings().bridge.clone());
        }
        let network = DefaultNetwork::ensure(links, Settings::default()).or_fail()?;
        let name = network.settings().bridge.clone();
        *default = Some(network);
        Ok(name)
    }
}
