//! What can go wrong, in one line each: what, why, what to do.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use crate::disk::User;
use crate::store::StoreError;

/// Why a device or network is not as it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A disk's file.
    #[error("{path} can't be opened: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory, for instance.
    #[error("{path} is neither a file nor a block device")]
    NoDisk {
        /// What it is not.
        path: PathBuf,
    },
    /// Less than a sector.
    #[error("{path} has no sector of 512 bytes: make it larger, by truncate -s 1G for instance")]
    EmptyDisk {
        /// The file or device.
        path: PathBuf,
    },
    /// Not a raw image.
    #[error(
        "{path} is a {format} image, and raw ones alone are served: convert it by qemu-img convert -O raw"
    )]
    ImageFormat {
        /// The file.
        path: PathBuf,
        /// What it is.
        format: &'static str,
    },
    /// Somebody else uses it.
    #[error("{path} is in use by {user}: end that use first, or give both read-only access")]
    DiskInUse {
        /// The file or device.
        path: PathBuf,
        /// Who uses it.
        user: User,
    },
    /// No loop device.
    #[error("no loop device for {path}: {source}")]
    Loop {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// dom0's devices can't be looked through.
    #[error("who uses dom0's devices can't be found out: {0}")]
    Look(#[source] io::Error),
    /// Two devices with one name.
    #[error("the domain has a device {name} already: choose another name, or detach that one")]
    Exists {
        /// The name.
        name: String,
    },
    /// No such device.
    #[error("the domain has no device {name}")]
    Absent {
        /// The name.
        name: String,
    },
    /// dom0's driver says no.
    #[error("dom0's driver refuses {name}: {reason}")]
    Refused {
        /// The device.
        name: String,
        /// What it says.
        reason: String,
    },
    /// An end does not come to where it should.
    #[error("{name} is {state} after {} s: {hint}", limit.as_secs())]
    Late {
        /// The device.
        name: String,
        /// Its back end's state.
        state: &'static str,
        /// How long it had.
        limit: Duration,
        /// What may help.
        hint: &'static str,
    },
    /// A kernel module.
    #[error("dom0's kernel can't load {module}: {reason}")]
    Module {
        /// Its name.
        module: &'static str,
        /// What modprobe says.
        reason: String,
    },
    /// No such bridge.
    #[error("there is no bridge {name}: make it, or leave out bridge= for the default network")]
    NoBridge {
        /// The name.
        name: String,
    },
    /// Not a bridge.
    #[error("{name} is no bridge but {kind}: name a bridge")]
    NotABridge {
        /// The interface.
        name: String,
        /// What it is.
        kind: String,
    },
    /// The default network's bridge is somebody else's.
    #[error(
        "the bridge {name} is in use: it has {found}, and was not made by Ringwall; choose another name for the default network"
    )]
    BridgeInUse {
        /// The name.
        name: String,
        /// Its addresses.
        found: String,
    },
    /// The default network's addresses are somebody else's.
    #[error(
        "{network} is already the network of {interface}: choose another address for the default network"
    )]
    NetworkInUse {
        /// The network, with its length.
        network: String,
        /// Where it is.
        interface: String,
    },
    /// Two cards with one hardware address.
    #[error("the hardware address {mac} is in use by domain {domain}: choose another one")]
    MacInUse {
        /// The address.
        mac: String,
        /// By whom.
        domain: String,
    },
    /// An address outside the network, or taken.
    #[error("{address} can't be given to the guest: {reason}")]
    Address {
        /// The address.
        address: Ipv4Addr,
        /// Why.
        reason: &'static str,
    },
    /// The settings of the default network.
    #[error(
        "{0} is no network for guests: give an address with a length from 8 to 29, like 10.77.0.1/24"
    )]
    Prefix(String),
    /// The kernel's network.
    #[error("the kernel refused {action}: {source}")]
    Network {
        /// As in "the kernel refused to make".
        action: String,
        /// Why.
        source: io::Error,
    },
    /// The services of the default network.
    #[error("no {service} on {place}: {source}")]
    Service {
        /// Which.
        service: &'static str,
        /// The address.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The file of leases.
    #[error("the leases in {path} can't be kept: {source}")]
    Leases {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
