//! A disk of a domain: attached and listed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringwall_abi::DomainId;
use ringwall_guestfile::{Access, Disk};

use super::backing::{Backing, Identity};
use super::{DeviceNumber, LoopDevice, users};
use crate::Error;
use crate::address::{self, DeviceAddress, Kind};
use crate::backend::{self, Node, Stage};
use crate::store::{Nodes, Store};

/// How often [`hand_over`] looks.
const INTERVAL: Duration = Duration::from_millis(1);

/// Whether a disk may be in use elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Readers go together with readers, a writer with nobody.
    Checked,
    /// The user takes care: a file system for several machines at once.
    Unchecked,
}

/// A disk that was attached. Its loop device has no other user than this, and would free itself, until dom0's
/// driver opens it: see [`hand_over`].
#[derive(Debug)]
pub struct AttachedDisk {
    /// Where it stands.
    pub address: DeviceAddress,
    /// What dom0's driver opens.
    pub number: DeviceNumber,
    loop_device: Option<LoopDevice>,
}

impl AttachedDisk {
    /// The loop device, if a file lies under the disk.
    #[must_use]
    pub fn loop_device(&self) -> Option<&LoopDevice> {
        self.loop_device.as_ref()
    }

    /// Whether dom0's driver has opened the device. It does so some time after it is [`Stage::Ready`].
    #[must_use]
    pub fn is_taken(&self) -> bool {
        // The driver makes this file when it has the device.
        let bus = Path::new("/sys/bus/xen-backend/devices");
        let file = bus.join(self.address.bus_name()).join("physical_device");
        file.exists()
    }
}

/// Waits until dom0's driver has opened a disk's device, and gives up our hold of it. On an error the disk
/// is removed.
///
/// # Errors
/// [`Error::Refused`], [`Error::Late`].
pub fn hand_over(
    store: &mut dyn Store,
    disk: AttachedDisk,
    limit: Duration,
) -> Result<DeviceAddress, Error> {
    let address = disk.address;
    match wait_until_taken(store, &disk, limit) {
        Ok(()) => Ok(address),
        Err(error) => {
            backend::remove(store, address)?;
            Err(error)
        }
    }
}

fn wait_until_taken(
    store: &mut dyn Store,
    disk: &AttachedDisk,
    limit: Duration,
) -> Result<(), Error> {
    let end = Instant::now() + limit;
    backend::wait_for(store, disk.address, Stage::Ready, limit)?;
    while !disk.is_taken() {
        // It says there why it does not.
        let stage = backend::look(store, disk.address)?;
        if Instant::now() >= end {
            return Err(Error::Late {
                name: disk.address.bus_name(),
                state: stage.name(),
                limit,
                hint: "dom0's driver does not open its device",
            });
        }
        std::thread::sleep(INTERVAL);
    }
    Ok(())
}

/// Looks whether [`attach`] would find a disk's file good and free, and changes nothing.
///
/// # Errors
/// [`Error::DiskInUse`] and all that can be wrong with a file.
pub fn check(store: &mut dyn Nodes, disk: &Disk, claim: Claim) -> Result<(), Error> {
    open(store, disk, claim).map(drop)
}

fn open(store: &mut dyn Nodes, disk: &Disk, claim: Claim) -> Result<Backing, Error> {
    let backing = Backing::open(&disk.path, disk.access)?;
    if claim == Claim::Checked
        && let Some(user) = users::conflict(store, backing.identity, disk.access)?
    {
        return Err(Error::DiskInUse {
            path: backing.path,
            user,
        });
    }
    Ok(backing)
}

/// Attaches a disk, to a domain that runs or will. dom0's driver takes it after this; see
/// [`hand_over`]. On an error nothing is left behind.
///
/// # Errors
/// [`Error::Exists`], [`Error::DiskInUse`] and all that can be wrong with a file.
pub fn attach(
    store: &mut dyn Store,
    domain: DomainId,
    disk: &Disk,
    claim: Claim,
) -> Result<AttachedDisk, Error> {
    let address = DeviceAddress {
        domain,
        kind: Kind::Disk,
        number: disk.device.number(),
    };
    address::check_free(store, address, disk.device.name())?;
    let backing = open(store, disk, claim)?;
    let (number, loop_device) = match backing.identity {
        Identity::Device(number) => (number, None),
        Identity::File(..) => {
            let made = LoopDevice::set_up(&backing.file, &backing.path, disk.access);
            let device = made.map_err(|source| Error::Loop {
                path: backing.path.clone(),
                source,
            })?;
            (device.number(), Some(device))
        }
    };
    let (own, guests) = nodes(disk, &backing.path, number);
    // On an error the loop device is dropped, and so is free.
    backend::publish(store, address, &own, &guests)?;
    Ok(AttachedDisk {
        address,
        number,
        loop_device,
    })
}

/// What the back end's and the front end's nodes say of a disk.
fn nodes(disk: &Disk, path: &Path, number: DeviceNumber) -> (Vec<Node>, Vec<Node>) {
    let virtual_device = disk.device.number().to_string();
    let own = vec![
        Node::new("dev", disk.device.name()),
        Node::new("type", "phy"),
        Node::new("mode", disk.access.mode()),
        Node::new("device-type", "disk"),
        // A writable disk's free blocks go back to dom0's file system.
        Node::new(
            "discard-enable",
            if disk.access == Access::ReadWrite {
                "1"
            } else {
                "0"
            },
        ),
        Node::new("bootable", "1"),
        Node::new("removable", "1"),
        // Names of dom0's files are no guest's business.
        Node::private("params", path.to_string_lossy()),
        // Linux's driver starts with this one; all that it reads is there with it.
        Node::new("physical-device", number.to_node()),
    ];
    let guests = vec![
        Node::new("virtual-device", virtual_device),
        Node::new("device-type", "disk"),
    ];
    (own, guests)
}

/// A disk as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskInfo {
    /// Where it stands.
    pub address: DeviceAddress,
    /// The guest's name of it.
    pub device: String,
    /// dom0's file or device.
    pub path: PathBuf,
    /// What the guest may do with it.
    pub access: Access,
    /// dom0's block device.
    pub number: Option<DeviceNumber>,
    /// How far it is; `None` if dom0's driver refused it.
    pub stage: Option<Stage>,
}

/// The disks of a domain, by number.
///
/// # Errors
/// The store's own.
pub fn list(store: &mut dyn Nodes, domain: DomainId) -> Result<Vec<DiskInfo>, Error> {
    let addresses = address::of_domain(store, domain, Kind::Disk)?;
    addresses
        .into_iter()
        .map(|disk| info(store, disk))
        .collect()
}

fn info(store: &mut dyn Nodes, address: DeviceAddress) -> Result<DiskInfo, Error> {
    let own = address.backend();
    let mut text = |name: &str| address::text(store, &format!("{own}/{name}"));
    let (device, path) = (text("dev")?, text("params")?);
    let (mode, number) = (text("mode")?, text("physical-device")?);
    let writes = mode.is_some_and(|mode| mode.contains('w'));
    let stage = match backend::look(store, address) {
        Ok(stage) => Some(stage),
        Err(Error::Refused { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(DiskInfo {
        address,
        device: device.unwrap_or_else(|| address.number.to_string()),
        path: path.unwrap_or_default().into(),
        access: if writes {
            Access::ReadWrite
        } else {
            Access::ReadOnly
        },
        number: number.as_deref().and_then(DeviceNumber::parse_node),
        stage,
    })
}
