//! The default network: a bridge of ours, on which guests reach dom0, each other, and through dom0's
//! address whatever dom0 reaches.

use std::fs;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::links::{Link, Links, bridge_mac};
use super::nat;
use crate::Error;

/// What a bridge says that was made here, in its alias.
const MARK: &str = "ringwall";
const FORWARDING: &str = "/proc/sys/net/ipv4/ip_forward";
/// Lengths of networks that have room for guests, and of which DHCP can hand all out.
const LENGTHS: std::ops::RangeInclusive<u8> = 8..=29;

/// How the default network is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The bridge's name.
    pub bridge: String,
    /// dom0's address on it, with the network's length: 8 to 29.
    pub address: Ipv4Net,
    /// Whether guests reach by dom0's addresses what dom0 reaches.
    pub nat: bool,
    /// What the guests' names end with.
    pub domain: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bridge: "rwbr0".to_owned(),
            address: Ipv4Net::new_assert(Ipv4Addr::new(10, 77, 0, 1), 24),
            nat: true,
            // Reserved by ICANN for private networks, and so never somebody's.
            domain: "internal".to_owned(),
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        let (address, net) = (self.address.addr(), self.address);
        let is_host = address != net.network() && address != net.broadcast();
        let is_usable =
            !address.is_loopback() && !address.is_multicast() && !address.is_unspecified();
        match is_host && is_usable && LENGTHS.contains(&net.prefix_len()) {
            true => Ok(()),
            false => Err(Error::Prefix(net.to_string())),
        }
    }
}

/// The default network, as it is.
#[derive(Clone, Debug)]
pub struct DefaultNetwork {
    settings: Settings,
    bridge: Link,
}

impl DefaultNetwork {
    /// Makes the network, or finds that it is there: from a daemon before this one. On an error what
    /// this call made is removed.
    ///
    /// # Errors
    /// [`Error::BridgeInUse`], [`Error::NetworkInUse`], [`Error::Prefix`], the kernel's.
    pub fn ensure(links: &mut Links, settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        let found = links.find(&settings.bridge)?;
        let was_there = found.is_some();
        check_free(links, &settings, found.as_ref())?;
        let made = make(links, &settings, found);
        if made.is_err() && !was_there {
            // The first error is the one to tell.
            let _ = nat::stop(&mut links.socket);
            if let Ok(Some(bridge)) = links.find(&settings.bridge) {
                let _ = links.delete(&bridge);
            }
        }
        Ok(Self {
            bridge: made?,
            settings,
        })
    }

    /// Ends the translation of addresses, and removes the bridge if it was made here. Cards that are on
    /// it lose their network. Forwarding stays on: others may need it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn remove(self, links: &mut Links) -> Result<(), Error> {
        nat::stop(&mut links.socket)?;
        match is_ours(&self.bridge) {
            true => links.delete(&self.bridge),
            false => Ok(()),
        }
    }

    /// The bridge.
    #[must_use]
    pub fn bridge(&self) -> &Link {
        &self.bridge
    }

    /// What it was made from.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

fn is_ours(bridge: &Link) -> bool {
    bridge.alias.as_deref() == Some(MARK)
}

/// Whether the name and the network are nobody else's.
fn check_free(links: &mut Links, settings: &Settings, found: Option<&Link>) -> Result<(), Error> {
    let addresses = links.addresses()?;
    if let Some(link) = found {
        if !link.is_bridge() {
            return Err(Error::NotABridge {
                name: link.name.clone(),
                kind: link
                    .kind
                    .clone()
                    .unwrap_or_else(|| "a network card".to_owned()),
            });
        }
        let own = addresses.iter().filter(|(index, _)| *index == link.index);
        let own: Vec<_> = own.map(|(_, address)| address.to_string()).collect();
        // Somebody may well have made it for us, with our address.
        if !is_ours(link) && !own.contains(&settings.address.to_string()) {
            return Err(Error::BridgeInUse {
                name: link.name.clone(),
                found: match own.is_empty() {
                    true => "no address".to_owned(),
                    false => own.join(", "),
                },
            });
        }
    }
    let overlaps = |address: &Ipv4Net| {
        address.contains(&settings.address.network())
            || settings.address.contains(&address.network())
    };
    let mut others = addresses
        .iter()
        .filter(|(index, _)| found.is_none_or(|link| link.index != *index));
    match others.find(|(_, address)| overlaps(address)) {
        None => Ok(()),
        Some((index, _)) => {
            let all = links.list()?;
            let holder = all.into_iter().find(|link| link.index == *index);
            Err(Error::NetworkInUse {
                network: settings.address.trunc().to_string(),
                interface: holder.map_or_else(|| format!("interface {index}"), |link| link.name),
            })
        }
    }
}

fn make(links: &mut Links, settings: &Settings, found: Option<Link>) -> Result<Link, Error> {
    let bridge = match found {
        Some(bridge) => bridge,
        None => {
            let name = &settings.bridge;
            links.make_bridge(name, bridge_mac(settings.address.addr()))?;
            let made = links.find(name)?;
            let mut made = made.ok_or_else(|| Error::NoBridge { name: name.clone() })?;
            links.set_alias(&made, MARK)?;
            made.alias = Some(MARK.to_owned());
            made
        }
    };
    if is_ours(&bridge) {
        // The settings may have changed since it was made.
        for (index, address) in links.addresses()? {
            if index == bridge.index && address != settings.address {
                links.delete_address(&bridge, address)?;
            }
        }
    }
    links.add_address(&bridge, settings.address)?;
    links.set_up(&bridge)?;
    match settings.nat {
        true => {
            fs::write(FORWARDING, "1").map_err(|source| Error::Network {
                action: "to forward packets".to_owned(),
                source,
            })?;
            nat::translate(&mut links.socket, settings.address, &bridge.name)?;
        }
        false => nat::stop(&mut links.socket)?,
    }
    Ok(bridge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_without_room_are_refused() {
        for (address, good) in [
            ("10.77.0.1/24", true),
            ("192.168.5.9/29", true),
            ("10.77.0.0/24", false),
            ("10.77.0.255/24", false),
            ("10.77.0.1/30", false),
            ("10.77.0.1/7", false),
            ("127.0.0.1/8", false),
            ("224.0.0.1/8", false),
        ] {
            let settings = Settings {
                address: address.parse().unwrap(),
                ..Settings::default()
            };
            assert_eq!(settings.check().is_ok(), good, "{address}");
        }
    }
}
