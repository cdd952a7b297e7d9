//! Both ends of a device in the store: made, looked at, closed, removed.
//!
//! Nothing here waits but the functions that are named so: a daemon that is the store itself calls
//! [`look`] when a watch fires, and must not wait for its own answers.

use std::time::{Duration, Instant};

use ringwall_abi::DomainId;
use ringwall_abi::io::xenbus::DeviceState;

use crate::Error;
use crate::address::{self, DeviceAddress, Kind, backends, home};
use crate::store::{Nodes, Permissions, Store, StoreError};

/// A node of one end: its name, its value, and whether dom0 alone may read it.
pub(crate) struct Node {
    name: &'static str,
    value: String,
    is_private: bool,
}

impl Node {
    pub(crate) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
            is_private: false,
        }
    }

    /// One that says of dom0 what is no guest's business.
    pub(crate) fn private(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            is_private: true,
            ..Self::new(name, value)
        }
    }
}

/// Makes both ends, all at once: each may be read by the other's domain, and be written by its own.
pub(crate) fn publish(
    store: &mut dyn Store,
    address: DeviceAddress,
    backend: &[Node],
    frontend: &[Node],
) -> Result<(), StoreError> {
    let (guest, dom0) = (address.domain, DomainId::DOM0);
    let (own, others) = (address.backend(), address.frontend());
    store.transaction(&mut |nodes| {
        // What an earlier device under this name has left behind.
        for path in [&own, &others, &address.errors()] {
            nodes.remove(path)?;
        }
        // A guest finds its devices by listing this, and must not add to it.
        let list = format!("{}/device/{}", home(guest), address.kind.name());
        nodes.mkdir(&list)?;
        nodes.set_permissions(&list, &Permissions::shared(dom0, guest))?;
        let common = [
            Node::new("frontend", others.as_str()),
            Node::new("frontend-id", guest.raw().to_string()),
            Node::new("online", "1"),
            Node::new("state", number(DeviceState::Initialising)),
        ];
        let shared = Permissions::shared(dom0, guest);
        write_end(nodes, &own, &shared, common.iter().chain(backend))?;
        let common = [
            Node::new("backend", own.as_str()),
            Node::new("backend-id", dom0.raw().to_string()),
            Node::new("state", number(DeviceState::Initialising)),
        ];
        let shared = Permissions::shared(guest, dom0);
        write_end(nodes, &others, &shared, common.iter().chain(frontend))
    })
}

/// Makes one end.
fn write_end<'a>(
    nodes: &mut dyn Nodes,
    path: &str,
    shared: &Permissions,
    end: impl Iterator<Item = &'a Node>,
) -> Result<(), StoreError> {
    nodes.mkdir(path)?;
    nodes.set_permissions(path, shared)?;
    let private = Permissions::private();
    for node in end {
        let path = format!("{path}/{}", node.name);
        nodes.write(&path, node.value.as_bytes())?;
        let permissions = if node.is_private { &private } else { shared };
        nodes.set_permissions(&path, permissions)?;
    }
    Ok(())
}

/// How far a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// dom0's driver has not taken it.
    Starting,
    /// dom0's driver waits for the guest's.
    Ready,
    /// Both work.
    Connected,
    /// It is being closed.
    Closing,
    /// It is closed.
    Closed,
    /// It is gone.
    Gone,
}

impl Stage {
    /// As a part of a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "not yet taken by dom0's driver",
            Self::Ready => "not yet taken by the guest's driver",
            Self::Connected => "connected",
            Self::Closing => "being closed",
            Self::Closed => "closed",
            Self::Gone => "gone",
        }
    }
}

/// Looks how far a device is.
///
/// # Errors
/// The store's own, and [`Error::Refused`] where dom0's driver has said why it gave up.
pub fn look(store: &mut dyn Nodes, address: DeviceAddress) -> Result<Stage, Error> {
    if let Some(reason) = address::text(store, &address.error())? {
        return Err(Error::Refused {
            name: name(store, address)?,
            reason,
        });
    }
    let state = address::text(store, &format!("{}/state", address.backend()))?;
    Ok(state.map_or(Stage::Gone, |state| stage(state.trim())))
}

fn stage(state: &str) -> Stage {
    let state = state.parse().ok().and_then(DeviceState::from_number);
    match state.unwrap_or(DeviceState::Unknown) {
        DeviceState::Unknown | DeviceState::Initialising => Stage::Starting,
        DeviceState::InitWait | DeviceState::Initialised => Stage::Ready,
        DeviceState::Connected | DeviceState::Reconfiguring | DeviceState::Reconfigured => {
            Stage::Connected
        }
        DeviceState::Closing => Stage::Closing,
        DeviceState::Closed => Stage::Closed,
    }
}

/// The device's name for people: `xvda`, `vif3.0`.
fn name(store: &mut dyn Nodes, address: DeviceAddress) -> Result<String, StoreError> {
    let (node, other) = match address.kind {
        Kind::Disk => ("dev", address.number.to_string()),
        Kind::Card => ("vifname", interface(address)),
    };
    let name = address::text(store, &format!("{}/{node}", address.backend()))?;
    Ok(name.unwrap_or(other))
}

/// How dom0's driver names a card's other end.
pub(crate) fn interface(address: DeviceAddress) -> String {
    format!("vif{}.{}", address.domain.raw(), address.number)
}

/// Waits until a device has come this far, with [`Error::Late`] after `limit`.
///
/// # Errors
/// Those of [`look`], too.
pub fn wait_for(
    store: &mut dyn Store,
    address: DeviceAddress,
    wanted: Stage,
    limit: Duration,
) -> Result<(), Error> {
    let end = Instant::now() + limit;
    let mut own = store.watch(&address.backend())?;
    loop {
        let stage = look(store, address)?;
        if stage >= wanted {
            return Ok(());
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late(store, address, stage, limit)?);
        }
        // Not longer, so that an error that is written elsewhere is seen.
        own.wait(left.min(Duration::from_millis(100)))?;
    }
}

fn late(
    store: &mut dyn Nodes,
    address: DeviceAddress,
    stage: Stage,
    limit: Duration,
) -> Result<Error, Error> {
    let hint = match stage {
        Stage::Starting => "is its module loaded in dom0 (xen-blkback, xen-netback)?",
        Stage::Connected | Stage::Closing => "the guest does not let it go; detach it by force",
        _ => "is there a driver for it in the guest?",
    };
    Ok(Error::Late {
        name: name(store, address)?,
        state: stage.name(),
        limit,
        hint,
    })
}

/// Asks the guest to let a device go: it may refuse, or never answer.
///
/// # Errors
/// The store's own, and [`Error::Absent`].
pub fn close(store: &mut dyn Store, address: DeviceAddress) -> Result<(), Error> {
    let own = address.backend();
    if store.read(&own)?.is_none() {
        return Err(Error::Absent {
            name: name(store, address)?,
        });
    }
    Ok(store.transaction(&mut |nodes| {
        // Without "online" the driver gives up the device when it is closed, and does not wait for another
        // guest kernel.
        nodes.write(&format!("{own}/online"), b"0")?;
        nodes.write(
            &format!("{own}/state"),
            number(DeviceState::Closing).as_bytes(),
        )
    })?)
}

/// Removes both ends, at once and without asking: dom0's driver then ends. So the guest may be dead.
///
/// # Errors
/// The store's own.
pub fn remove(store: &mut dyn Store, address: DeviceAddress) -> Result<(), StoreError> {
    store.transaction(&mut |nodes| {
        for path in [address.frontend(), address.backend(), address.errors()] {
            nodes.remove(&path)?;
        }
        for above in above(address) {
            if nodes.read(&above)?.is_some() && nodes.list(&above)?.is_empty() {
                nodes.remove(&above)?;
            }
        }
        Ok(())
    })
}

/// The nodes above a device that go with the last one below them: those of the domain's back ends, and all that
/// dom0's kernel made to write an error.
fn above(address: DeviceAddress) -> Vec<String> {
    let errors = format!("{}/error", home(DomainId::DOM0));
    let mut found = vec![backends(address.domain, address.kind)];
    let mut path = address.errors();
    while let Some((above, _)) = path.rsplit_once('/').filter(|_| path != errors) {
        found.push(above.to_owned());
        path = above.to_owned();
    }
    found
}

/// Asks, waits, and removes.
///
/// # Errors
/// [`Error::Late`] if the guest does not let it go; it then stays as it is.
pub fn detach(store: &mut dyn Store, address: DeviceAddress, limit: Duration) -> Result<(), Error> {
    close(store, address)?;
    match wait_for(store, address, Stage::Closed, limit) {
        // What dom0's driver complained of does not matter any more.
        Ok(()) | Err(Error::Refused { .. }) => Ok(remove(store, address)?),
        Err(error) => Err(error),
    }
}

/// Waits until dom0's driver has taken or refused each device of a domain. Of one that is removed while the driver
/// takes it, nodes come back that the driver writes.
///
/// # Errors
/// The store's own.
pub fn settle(store: &mut dyn Store, domain: DomainId, limit: Duration) -> Result<(), StoreError> {
    for kind in [Kind::Disk, Kind::Card] {
        for device in address::of_domain(store, domain, kind)? {
            // It is removed whatever comes of it.
            if let Ok(Stage::Starting) = look(store, device)
                && let Err(Error::Store(error)) = wait_for(store, device, Stage::Ready, limit)
            {
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Removes all devices of a domain that is gone or will be; says which.
///
/// # Errors
/// The store's own.
pub fn remove_all(
    store: &mut dyn Store,
    domain: DomainId,
) -> Result<Vec<DeviceAddress>, StoreError> {
    let mut found = Vec::new();
    for kind in [Kind::Disk, Kind::Card] {
        found.extend(address::of_domain(store, domain, kind)?);
    }
    for device in &found {
        remove(store, *device)?;
    }
    Ok(found)
}

/// Whether dom0's driver still holds a device. It lets go some time after [`remove`].
#[must_use]
pub fn is_held(address: DeviceAddress) -> bool {
    let bus = std::path::Path::new("/sys/bus/xen-backend/devices");
    bus.join(address.bus_name()).exists()
}

/// Waits until dom0's driver has let a device go; whether it did.
#[must_use]
pub fn wait_until_let_go(address: DeviceAddress, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while is_held(address) {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

fn number(state: DeviceState) -> String {
    state.number().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn nothing_is_left_of_the_last_device_and_of_its_errors() {
        let mut store = MemoryStore::new();
        let disk = |number| DeviceAddress {
            domain: DomainId::new(5),
            kind: Kind::Disk,
            number,
        };
        for number in [1, 2] {
            publish(&mut store, disk(number), &[], &[]).unwrap();
            store.write(&disk(number).error(), b"no").unwrap();
        }
        remove(&mut store, disk(1)).unwrap();
        assert_eq!(look(&mut store, disk(1)).unwrap(), Stage::Gone);
        assert!(look(&mut store, disk(2)).is_err());
        remove(&mut store, disk(2)).unwrap();
        for path in ["/local/domain/0/error", "/local/domain/0/backend/vbd/5"] {
            assert_eq!(store.read(path).unwrap(), None, "{path}");
        }
    }
}
