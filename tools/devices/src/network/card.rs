//! A network card of a domain: attached, put on its bridge, listed.

use std::time::{Duration, Instant};

use ringwall_abi::DomainId;
use ringwall_guestfile::{Mac, Net};

use super::links::Links;
use crate::Error;
use crate::address::{self, DeviceAddress, Kind};
use crate::backend::{self, Node, Stage};
use crate::store::{Nodes, Store};

/// How often [`connect_within`] looks. Interfaces come some milliseconds after their nodes.
const INTERVAL: Duration = Duration::from_millis(1);
/// Hardware addresses that are tried where derived ones are taken.
const ATTEMPTS: usize = 16;

/// A card to attach.
#[derive(Clone, Copy, Debug)]
pub struct CardRequest<'a> {
    /// Whose it is.
    pub domain: DomainId,
    /// The domain's name: its addresses are derived from it.
    pub name: &'a str,
    /// The card's number, from 0.
    pub index: u32,
    /// What the guest file says.
    pub net: &'a Net,
    /// Where it goes if the file names no bridge.
    pub default_bridge: &'a str,
}

/// Attaches a card, to a domain that runs or will. dom0's driver then makes an interface, which
/// [`connect`] puts on the bridge. On an error nothing is left behind.
///
/// # Errors
/// [`Error::NoBridge`], [`Error::NotABridge`], [`Error::MacInUse`], [`Error::Exists`].
pub fn attach(
    store: &mut dyn Store,
    links: &mut Links,
    request: CardRequest<'_>,
) -> Result<CardInfo, Error> {
    let address = DeviceAddress {
        domain: request.domain,
        kind: Kind::Card,
        number: request.index,
    };
    let own_name = backend::interface(address);
    let interface = request.net.interface.clone().unwrap_or(own_name);
    address::check_free(store, address, &interface)?;
    let bridge = request
        .net
        .bridge
        .as_deref()
        .unwrap_or(request.default_bridge);
    find_bridge(links, bridge)?;
    let mac = free_mac(store, request)?;
    let (own, guests) = nodes(request.index, mac, bridge, &interface);
    backend::publish(store, address, &own, &guests)?;
    Ok(CardInfo {
        address,
        mac: Some(mac),
        bridge: bridge.to_owned(),
        interface,
        stage: Some(Stage::Starting),
    })
}

/// Looks whether there is a bridge of this name.
///
/// # Errors
/// [`Error::NoBridge`], [`Error::NotABridge`], the kernel's.
pub fn check_bridge(links: &mut Links, name: &str) -> Result<(), Error> {
    find_bridge(links, name).map(drop)
}

fn find_bridge(links: &mut Links, name: &str) -> Result<super::Link, Error> {
    let found = links.find(name)?.ok_or_else(|| Error::NoBridge {
        name: name.to_owned(),
    })?;
    match found.is_bridge() {
        true => Ok(found),
        false => Err(Error::NotABridge {
            name: name.to_owned(),
            kind: found.kind.unwrap_or_else(|| "a network card".to_owned()),
        }),
    }
}

/// The card's address: as given, or derived from the domain's name. No two cards may have the same.
fn free_mac(store: &mut dyn Nodes, request: CardRequest<'_>) -> Result<Mac, Error> {
    let mut taken = Vec::new();
    for card in address::all(store, Kind::Card)? {
        let mac = address::text(store, &format!("{}/mac", card.backend()))?;
        taken.extend(
            mac.and_then(|mac| Mac::parse(&mac).ok())
                .map(|mac| (mac, card.domain)),
        );
    }
    let holder = |mac: Mac| {
        taken
            .iter()
            .find(|(other, _)| *other == mac)
            .map(|(_, domain)| *domain)
    };
    let index = usize::try_from(request.index).unwrap_or_default();
    let first = request.net.mac_for(request.name, index);
    let derived = (1..ATTEMPTS).map(|attempt| Mac::derived(request.name, index + (attempt << 16)));
    let candidates = std::iter::once(first).chain(derived);
    let allowed = if request.net.mac.is_some() {
        1
    } else {
        ATTEMPTS
    };
    let free = candidates.take(allowed).find(|mac| holder(*mac).is_none());
    free.ok_or_else(|| Error::MacInUse {
        mac: first.to_string(),
        domain: holder(first).unwrap_or(DomainId::INVALID).raw().to_string(),
    })
}

/// What the back end's and the front end's nodes say of a card.
fn nodes(index: u32, mac: Mac, bridge: &str, interface: &str) -> (Vec<Node>, Vec<Node>) {
    let (index, mac) = (index.to_string(), mac.to_string());
    let own = vec![
        Node::new("handle", index.as_str()),
        Node::new("mac", mac.as_str()),
        Node::new("type", "vif"),
        // Linux's driver fails without it, and hands it to udev, which has nothing to do here.
        Node::new("script", ""),
        // How dom0's network looks is no guest's business.
        Node::private("bridge", bridge),
        Node::private("vifname", interface),
    ];
    let guests = vec![Node::new("handle", index), Node::new("mac", mac)];
    (own, guests)
}

/// Puts a card's interface on its bridge, if dom0's driver has made it; whether it has. Then the driver
/// connects as soon as the guest does. After an error, remove the device.
///
/// # Errors
/// [`Error::Refused`], [`Error::Absent`], the bridge's, the kernel's.
pub fn connect(
    store: &mut dyn Store,
    links: &mut Links,
    address: DeviceAddress,
) -> Result<bool, Error> {
    let card = info(store, address)?;
    match backend::look(store, address)? {
        Stage::Starting => return Ok(false),
        Stage::Gone => {
            return Err(Error::Absent {
                name: card.interface,
            });
        }
        _ => {}
    }
    let own_name = backend::interface(address);
    let mut link = links.find(&own_name)?;
    if let (Some(found), true) = (&link, own_name != card.interface) {
        links.rename(found, &card.interface)?;
        link = None;
    }
    if link.is_none() && own_name != card.interface {
        link = links.find(&card.interface)?;
    }
    let Some(link) = link else { return Ok(false) };
    let bridge = find_bridge(links, &card.bridge)?;
    links.enslave(&link, &bridge)?;
    links.set_up(&link)?;
    // The driver waits for this in place of a script's end.
    store.write(
        &format!("{}/hotplug-status", address.backend()),
        b"connected",
    )?;
    Ok(true)
}

/// [`connect`], until it is done. On an error the device is removed.
///
/// # Errors
/// Those of [`connect`], and [`Error::Late`].
pub fn connect_within(
    store: &mut dyn Store,
    links: &mut Links,
    address: DeviceAddress,
    limit: Duration,
) -> Result<(), Error> {
    let end = Instant::now() + limit;
    let result = loop {
        match connect(store, links, address) {
            Ok(true) => return Ok(()),
            Err(error) => break error,
            Ok(false) if Instant::now() >= end => {
                break Error::Late {
                    name: backend::interface(address),
                    state: Stage::Starting.name(),
                    limit,
                    hint: "is its module loaded in dom0 (xen-netback)?",
                };
            }
            Ok(false) => std::thread::sleep(INTERVAL),
        }
    };
    backend::remove(store, address)?;
    Err(result)
}

/// A card as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardInfo {
    /// Where it stands.
    pub address: DeviceAddress,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// The bridge in dom0.
    pub bridge: String,
    /// The interface in dom0.
    pub interface: String,
    /// How far it is; `None` if dom0's driver refused it.
    pub stage: Option<Stage>,
}

/// The cards of a domain, by number.
///
/// # Errors
/// The store's own.
pub fn list(store: &mut dyn Nodes, domain: DomainId) -> Result<Vec<CardInfo>, Error> {
    let addresses = address::of_domain(store, domain, Kind::Card)?;
    addresses
        .into_iter()
        .map(|card| info(store, card))
        .collect()
}

fn info(store: &mut dyn Nodes, address: DeviceAddress) -> Result<CardInfo, Error> {
    let own = address.backend();
    let mut text = |name: &str| address::text(store, &format!("{own}/{name}"));
    let (mac, bridge, interface) = (text("mac")?, text("bridge")?, text("vifname")?);
    let stage = match backend::look(store, address) {
        Ok(stage) => Some(stage),
        Err(Error::Refused { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(CardInfo {
        address,
        mac: mac.and_then(|mac| Mac::parse(&mac).ok()),
        bridge: bridge.unwrap_or_default(),
        interface: interface.unwrap_or_else(|| backend::interface(address)),
        stage,
    })
}
