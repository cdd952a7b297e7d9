//! Where a device stands in the store.

use ringwall_abi::DomainId;

use crate::Error;
use crate::store::{Nodes, StoreError};

/// Which front and back end a device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A disk: `vbd`.
    Disk,
    /// A network card: `vif`.
    Card,
}

impl Kind {
    /// Its name in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disk => "vbd",
            Self::Card => "vif",
        }
    }
}

/// A device of a domain. Its back end is in dom0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceAddress {
    /// Whose device it is.
    pub domain: DomainId,
    /// What it is.
    pub kind: Kind,
    /// The disk's number, or the card's, from 0.
    pub number: u32,
}

impl DeviceAddress {
    /// The front end's node.
    #[must_use]
    pub fn frontend(&self) -> String {
        format!(
            "{}/device/{}/{}",
            home(self.domain),
            self.kind.name(),
            self.number
        )
    }

    /// The back end's node.
    #[must_use]
    pub fn backend(&self) -> String {
        format!("{}/{}", backends(self.domain, self.kind), self.number)
    }

    /// Where dom0's kernel writes what went wrong in the back end.
    #[must_use]
    pub fn error(&self) -> String {
        format!("{}/error", self.errors())
    }

    /// The node above [`Self::error`].
    pub(crate) fn errors(&self) -> String {
        let below = format!(
            "backend/{}/{}/{}",
            self.kind.name(),
            self.domain.raw(),
            self.number
        );
        format!("{}/error/{below}", home(DomainId::DOM0))
    }

    /// The device's name on the bus of dom0's kernel, in `/sys/bus/xen-backend/devices`.
    #[must_use]
    pub fn bus_name(&self) -> String {
        format!("{}-{}-{}", self.kind.name(), self.domain.raw(), self.number)
    }
}

/// A domain's node.
#[must_use]
pub fn home(domain: DomainId) -> String {
    format!("/local/domain/{}", domain.raw())
}

/// The node above the back ends of a domain's devices.
pub(crate) fn backends(domain: DomainId, kind: Kind) -> String {
    format!("{}/{}/{}", home(DomainId::DOM0), above(kind), domain.raw())
}

fn above(kind: Kind) -> String {
    format!("backend/{}", kind.name())
}

/// The devices of a domain, by number.
///
/// # Errors
/// The store's own.
pub fn of_domain(
    store: &mut dyn Nodes,
    domain: DomainId,
    kind: Kind,
) -> Result<Vec<DeviceAddress>, StoreError> {
    let names = store.list(&backends(domain, kind))?;
    let numbers = names.iter().filter_map(|name| name.parse().ok());
    let mut found: Vec<_> = numbers
        .map(|number| DeviceAddress {
            domain,
            kind,
            number,
        })
        .collect();
    found.sort();
    Ok(found)
}

/// The devices of all domains.
///
/// # Errors
/// The store's own.
pub fn all(store: &mut dyn Nodes, kind: Kind) -> Result<Vec<DeviceAddress>, StoreError> {
    let domains = store.list(&format!("{}/{}", home(DomainId::DOM0), above(kind)))?;
    let mut found = Vec::new();
    for domain in domains.iter().filter_map(|name| name.parse().ok()) {
        found.extend(of_domain(store, DomainId::new(domain), kind)?);
    }
    Ok(found)
}

/// A node's value as text.
pub(crate) fn text(store: &mut dyn Nodes, path: &str) -> Result<Option<String>, StoreError> {
    let value = store.read(path)?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

/// Refuses what is there already.
pub(crate) fn check_free(
    store: &mut dyn Nodes,
    address: DeviceAddress,
    name: &str,
) -> Result<(), Error> {
    match store.read(&address.backend())? {
        None => Ok(()),
        Some(_) => Err(Error::Exists {
            name: name.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn paths_are_those_of_linux() {
        let disk = DeviceAddress {
            domain: DomainId::new(3),
            kind: Kind::Disk,
            number: 51712,
        };
        assert_eq!(disk.frontend(), "/local/domain/3/device/vbd/51712");
        assert_eq!(disk.backend(), "/local/domain/0/backend/vbd/3/51712");
        assert_eq!(
            disk.error(),
            "/local/domain/0/error/backend/vbd/3/51712/error"
        );
        assert_eq!(disk.bus_name(), "vbd-3-51712");
    }

    #[test]
    fn devices_are_listed_by_number() {
        let mut store = MemoryStore::new();
        for node in ["3/10", "3/9", "12/0", "3/x"] {
            let path = format!("/local/domain/0/backend/vif/{node}");
            store.mkdir(&path).unwrap();
        }
        let guest = of_domain(&mut store, DomainId::new(3), Kind::Card).unwrap();
        let numbers: Vec<_> = guest.iter().map(|device| device.number).collect();
        assert_eq!(numbers, [9, 10]);
        assert_eq!(all(&mut store, Kind::Card).unwrap().len(), 3);
        assert_eq!(all(&mut store, Kind::Disk).unwrap(), []);
    }
}
