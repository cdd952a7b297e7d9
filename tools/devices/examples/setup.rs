//! The default network with its services, and a disk, for the boot test: `setup NAME MAC COMMAND...` makes
//! them, runs the command, takes all away, and counts what is left.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use ringwall_abi::DomainId;
use ringwall_devices::disk::{self, Claim};
use ringwall_devices::modules;
use ringwall_devices::network::{DefaultNetwork, Links, Settings};
use ringwall_devices::services::{Files, Services};
use ringwall_devices::store::MemoryStore;
use ringwall_guestfile::{Access, Disk, Mac, VirtualDevice};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, mac, program, rest @ ..] = arguments.as_slice() else {
        return Err("usage: setup NAME MAC COMMAND...".into());
    };
    modules::load(modules::DISKS)?;
    modules::load(modules::CARDS)?;
    let mut links = Links::new();
    let before = links.list()?.len();
    let network = DefaultNetwork::ensure(&mut links, Settings::default())?;
    let (sender, events) = mpsc::sync_channel(16);
    let files = Files {
        leases: "/tmp/leases.json".into(),
        resolvers: "/etc/resolv.conf".into(),
    };
    let services = Services::start(&network, files, Some(sender))?;
    println!("expected={}", services.add(Mac::parse(mac)?, name, None)?);
    let status = Command::new(program).args(rest).status()?;
    println!("leases={}", events.try_iter().count());
    drop(services);
    network.remove(&mut links)?;
    println!("links={}", links.list()?.len() - before);
    serve_disk(Path::new("/tmp/disk.img"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("the command ended with {status}").into()),
    }
}

/// Attaches a file to a domain that is none, and reads it by its block device.
fn serve_disk(image: &Path) -> Result<(), Box<dyn Error>> {
    let content: Vec<u8> = (0..1_u32 << 16).flat_map(u32::to_le_bytes).collect();
    fs::write(image, &content)?;
    let disk = Disk {
        path: image.to_owned(),
        device: VirtualDevice::parse("xvda")?,
        access: Access::ReadOnly,
    };
    let mut store = MemoryStore::new();
    let attached = disk::attach(&mut store, DomainId::new(1), &disk, Claim::Checked)?;
    let device = attached.loop_device().ok_or("no loop device")?;
    let mut read = Vec::new();
    File::open(device.path())?.read_to_end(&mut read)?;
    println!("same={}", u8::from(read == content));
    println!("direct={}", u8::from(device.is_direct()));
    drop(attached);
    let devices = fs::read_dir("/sys/block")?.flatten();
    let in_use = devices.filter(|device| device.path().join("loop").exists());
    println!("loops={}", in_use.count());
    Ok(())
}
