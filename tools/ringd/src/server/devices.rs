//! Disks and network cards.

use std::time::Duration;

use ringwall_abi::DomainId;
use ringwall_api::{DeviceState, DiskInfo, EventKind, Failure, Kind, NetInfo, Result};
use ringwall_devices::address::DeviceAddress;
use ringwall_devices::backend;
use ringwall_devices::disk::{self, Claim};
use ringwall_devices::network;
use ringwall_guestfile::{Disk, Mac, Net};

use super::target::{self, Target};
use crate::daemon::Daemon;
use crate::failure::OrFail as _;
use crate::network::Owner;

/// How long the guest may take to let a device go.
const GUEST_LIMIT: Duration = Duration::from_secs(10);
/// How long dom0's drivers may take.
const DRIVER_LIMIT: Duration = Duration::from_secs(5);

pub(super) fn disks_of(daemon: &Daemon, name: &str) -> Result<Vec<DiskInfo>> {
    disks(daemon, target::find(daemon, name)?.id)
}

/// The disks of a domain.
pub(super) fn disks(daemon: &Daemon, domain: DomainId) -> Result<Vec<DiskInfo>> {
    let mut store = daemon.device_store();
    let list = disk::list(&mut store, domain).or_fail()?;
    let shown = list.into_iter().map(|disk| DiskInfo {
        device: disk.device,
        number: disk.address.number,
        path: disk.path.display().to_string(),
        mode: disk.access.mode().to_owned(),
        back: state(daemon, &disk.address.backend()),
        front: state(daemon, &disk.address.frontend()),
    });
    Ok(shown.collect())
}

/// The state of one end of a device.
fn state(daemon: &Daemon, end: &str) -> DeviceState {
    let text = daemon.store.read_text(&format!("{end}/state"));
    DeviceState::parse(text.as_deref())
}

/// Gives a domain a disk.
pub(super) fn attach_disk(daemon: &Daemon, name: &str, disk: &Disk) -> Result<DiskInfo> {
    let target = target::find_guest(daemon, name)?;
    let mut store = daemon.device_store();
    let attached = disk::attach(&mut store, target.id, disk, Claim::Checked).or_fail()?;
    disk::hand_over(&mut store, attached, DRIVER_LIMIT).or_fail()?;
    daemon.events.add(
        target.id.raw(),
        &target.name,
        EventKind::DeviceAttached,
        disk.device.name(),
    );
    remember(daemon, &target, |guest| guest.disks.push(disk.clone()))?;
    find_disk(daemon, &target, disk.device.name())
}

/// Takes a disk away.
pub(super) fn detach_disk(
    daemon: &Daemon,
    name: &str,
    device: &str,
    force: bool,
) -> Result<DiskInfo> {
    let target = target::find_guest(daemon, name)?;
    let found = find_disk(daemon, &target, device)?;
    let address = DeviceAddress {
        domain: target.id,
        kind: ringwall_devices::address::Kind::Disk,
        number: found.number,
    };
    detach(daemon, address, force)?;
    daemon.events.add(
        target.id.raw(),
        &target.name,
        EventKind::DeviceDetached,
        &*found.device,
    );
    remember(daemon, &target, |guest| {
        guest
            .disks
            .retain(|disk| disk.device.number() != found.number);
    })?;
    Ok(found)
}

fn detach(daemon: &Daemon, address: DeviceAddress, force: bool) -> Result<()> {
    let mut store = daemon.device_store();
    match force {
        true => backend::remove(&mut store, address).or_fail()?,
        false => backend::detach(&mut store, address, GUEST_LIMIT).or_fail()?,
    }
    if backend::wait_until_let_go(address, DRIVER_LIMIT) {
        return Ok(());
    }
    let message = "dom0's driver still holds the device: the guest may have it mapped";
    Err(Failure::new(Kind::TimedOut, message))
}

fn find_disk(daemon: &Daemon, target: &Target, device: &str) -> Result<DiskInfo> {
    let number = device.parse().ok();
    let list = disks(daemon, target.id)?;
    let found = list
        .into_iter()
        .find(|disk| disk.device == device || Some(disk.number) == number);
    found.ok_or_else(|| {
        let message = format!(
            "{} has no disk {device}: ringctl disk list {}",
            target.name, target.name
        );
        Failure::new(Kind::NotFound, message)
    })
}

/// Changes what a restart of the domain creates.
fn remember(
    daemon: &Daemon,
    target: &Target,
    change: impl FnOnce(&mut ringwall_guestfile::Guest),
) -> Result<()> {
    match target.kept {
        Some(_) => daemon
            .registry
            .change(target.id.raw(), |domain| change(&mut domain.record.guest)),
        None => Ok(()),
    }
}

pub(super) fn nets_of(daemon: &Daemon, name: &str) -> Result<Vec<NetInfo>> {
    nets(daemon, target::find(daemon, name)?.id)
}

/// The network cards of a domain.
pub(super) fn nets(daemon: &Daemon, domain: DomainId) -> Result<Vec<NetInfo>> {
    let mut store = daemon.device_store();
    let list = network::list(&mut store, domain).or_fail()?;
    let shown = list.into_iter().map(|card| {
        let ip = card.mac.and_then(|mac| daemon.network.address(mac));
        NetInfo {
            index: card.address.number,
            mac: card.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            bridge: card.bridge,
            interface: card.interface,
            ip: ip.map(|ip| ip.to_string()),
            back: state(daemon, &card.address.backend()),
            front: state(daemon, &card.address.frontend()),
        }
    });
    Ok(shown.collect())
}

/// Gives a domain a network card.
pub(super) fn attach_net(daemon: &Daemon, name: &str, net: &Net) -> Result<NetInfo> {
    let target = target::find_guest(daemon, name)?;
    let taken = nets(daemon, target.id)?;
    let is_free = |index: &u32| !taken.iter().any(|card| card.index == *index);
    let index = (0..).find(is_free).unwrap_or(u32::MAX);
    let owner = Owner {
        domain: target.id,
        name: &target.name,
    };
    daemon.network.attach(daemon, &owner, index, net)?;
    daemon.events.add(
        target.id.raw(),
        &target.name,
        EventKind::DeviceAttached,
        format!("card {index}"),
    );
    remember(daemon, &target, |guest| guest.nets.push(net.clone()))?;
    find_net(daemon, &target, &index.to_string())
}

/// Takes a network card away.
pub(super) fn detach_net(
    daemon: &Daemon,
    name: &str,
    device: &str,
    force: bool,
) -> Result<NetInfo> {
    let target = target::find_guest(daemon, name)?;
    let found = find_net(daemon, &target, device)?;
    let address = DeviceAddress {
        domain: target.id,
        kind: ringwall_devices::address::Kind::Card,
        number: found.index,
    };
    detach(daemon, address, force)?;
    if let Ok(mac) = Mac::parse(&found.mac) {
        daemon.network.forget(mac);
    }
    daemon.events.add(
        target.id.raw(),
        &target.name,
        EventKind::DeviceDetached,
        format!("card {}", found.index),
    );
    remember(daemon, &target, |guest| {
        // Cards that came later have later indices, unless one was reused.
        let index = usize::try_from(found.index).unwrap_or(usize::MAX);
        if index < guest.nets.len() {
            guest.nets.remove(index);
        }
    })?;
    Ok(found)
}

fn find_net(daemon: &Daemon, target: &Target, device: &str) -> Result<NetInfo> {
    let index = device.parse().ok();
    let list = nets(daemon, target.id)?;
    let found = list.into_iter().find(|card| {
        Some(card.index) == index
            || card.mac.eq_ignore_ascii_case(device)
            || card.interface == device
    });
    found.ok_or_else(|| {
        let message = format!(
            "{} has no network card {device}: ringctl net list {}",
            target.name, target.name
        );
        Failure::new(Kind::NotFound, message)
    })
}
