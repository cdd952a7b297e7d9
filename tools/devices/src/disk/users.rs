//! Who uses a disk already.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ringwall_abi::DomainId;
use ringwall_guestfile::Access;

use super::backing::Identity;
use super::{DeviceNumber, loops};
use crate::store::Nodes;
use crate::{Error, address};

/// A user of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// A domain, by its name, under its own name of the disk.
    Domain {
        /// The domain's name, or number if it has none.
        name: String,
        /// What it calls the disk.
        device: String,
    },
    /// dom0 has it mounted here.
    Mount(PathBuf),
    /// dom0 swaps to it.
    Swap,
    /// Another device of dom0 lies on top of it: LVM, RAID, encryption.
    Holder(String),
    /// A loop device that no domain uses.
    Loop(DeviceNumber),
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain { name, device } => write!(f, "domain {name} as {device}"),
            Self::Mount(path) => write!(f, "dom0, mounted at {}", path.display()),
            Self::Swap => f.write_str("dom0, to swap"),
            Self::Holder(name) => write!(f, "dom0's device {name}"),
            Self::Loop(number) => write!(f, "dom0's /dev/loop{}", number.minor),
        }
    }
}

/// The first user that can't go together with one of this access, if there is one. Readers go
/// together.
pub(super) fn conflict(
    store: &mut dyn Nodes,
    identity: Identity,
    access: Access,
) -> Result<Option<User>, Error> {
    let host = Host::read().map_err(Error::Look)?;
    let domains = domains(store)?;
    Ok(host.conflict(&domains, identity, access))
}

/// A disk of a domain.
#[derive(Clone, Debug)]
struct DomainDisk {
    number: DeviceNumber,
    access: Access,
    name: String,
    device: String,
}

/// Every disk of every domain.
fn domains(store: &mut dyn Nodes) -> Result<Vec<DomainDisk>, Error> {
    let mut found = Vec::new();
    let disks = address::all(store, address::Kind::Disk)?;
    for disk in disks {
        let backend = disk.backend();
        let text =
            |store: &mut dyn Nodes, name: &str| address::text(store, &format!("{backend}/{name}"));
        // One that is half made or half gone uses nothing.
        let Some(number) = text(store, "physical-device")?
            .as_deref()
            .and_then(DeviceNumber::parse_node)
        else {
            continue;
        };
        let writes = text(store, "mode")?.is_some_and(|mode| mode.contains('w'));
        let device = text(store, "dev")?.unwrap_or_else(|| disk.number.to_string());
        found.push(DomainDisk {
            number,
            access: if writes {
                Access::ReadWrite
            } else {
                Access::ReadOnly
            },
            name: domain_name(store, disk.domain)?,
            device,
        });
    }
    Ok(found)
}

fn domain_name(store: &mut dyn Nodes, domain: DomainId) -> Result<String, Error> {
    let name = address::text(store, &format!("{}/name", address::home(domain)))?;
    Ok(name.unwrap_or_else(|| domain.raw().to_string()))
}

/// What dom0 itself does with block devices.
struct Host {
    loops: Vec<loops::InUse>,
    mounts: Vec<Mount>,
    swaps: BTreeSet<PathBuf>,
    /// Below `/sys/dev/block`.
    devices: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    number: DeviceNumber,
    place: PathBuf,
    access: Access,
}

impl Host {
    fn read() -> std::io::Result<Self> {
        let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
        Ok(Self {
            loops: loops::in_use()?,
            mounts: mounts(&fs::read_to_string("/proc/self/mountinfo")?),
            swaps: swaps
                .lines()
                .skip(1)
                .filter_map(|line| line.split(' ').next())
                .map(PathBuf::from)
                .collect(),
            devices: PathBuf::from("/sys/dev/block"),
        })
    }

    fn conflict(&self, domains: &[DomainDisk], identity: Identity, access: Access) -> Option<User> {
        // Two writers, or a writer and a reader who would see it change, can't share.
        let clashes = |other: Access| access == Access::ReadWrite || other == Access::ReadWrite;
        let numbers = self.numbers(identity);
        for disk in domains {
            if clashes(disk.access) && numbers.contains(&disk.number) {
                return Some(User::Domain {
                    name: disk.name.clone(),
                    device: disk.device.clone(),
                });
            }
        }
        for mount in &self.mounts {
            if clashes(mount.access) && numbers.contains(&mount.number) {
                return Some(User::Mount(mount.place.clone()));
            }
        }
        for number in &numbers {
            if let Some(user) = self.kernel_user(*number) {
                return Some(user);
            }
        }
        let of_file =
            |device: &&loops::InUse| Identity::File(device.file.0, device.file.1) == identity;
        let is_domains =
            |device: &&loops::InUse| domains.iter().any(|disk| disk.number == device.number);
        let mut loops = self
            .loops
            .iter()
            .filter(of_file)
            .filter(|device| !is_domains(device));
        let clashing = loops.find(|device| clashes(device.access))?;
        Some(User::Loop(clashing.number))
    }

    /// The devices by which what is to be used could be in use.
    fn numbers(&self, identity: Identity) -> BTreeSet<DeviceNumber> {
        match identity {
            Identity::File(device, inode) => {
                let loops = self.loops.iter().filter(|one| one.file == (device, inode));
                loops.map(|one| one.number).collect()
            }
            Identity::Device(number) => self.family(number),
        }
    }

    /// A device with its partitions, and the disk that it is a partition of.
    fn family(&self, number: DeviceNumber) -> BTreeSet<DeviceNumber> {
        let mut family = BTreeSet::from([number]);
        // The link leads to .../block/sda, or to .../block/sda/sda1.
        let Ok(directory) = self.device(number).canonicalize() else {
            return family;
        };
        let read = |directory: &Path| {
            let text = fs::read_to_string(directory.join("dev")).ok()?;
            DeviceNumber::parse_decimal(&text)
        };
        if directory.join("partition").exists() {
            family.extend(directory.parent().and_then(read));
        } else {
            let below = fs::read_dir(&directory).into_iter().flatten().flatten();
            let partitions = below
                .map(|entry| entry.path())
                .filter(|path| path.join("partition").exists());
            family.extend(partitions.filter_map(|path| read(&path)));
        }
        family
    }

    /// What of dom0's kernel holds a device, but for mounts.
    fn kernel_user(&self, number: DeviceNumber) -> Option<User> {
        let directory = self.device(number);
        let mut holders = fs::read_dir(directory.join("holders"))
            .into_iter()
            .flatten()
            .flatten();
        if let Some(holder) = holders.next() {
            return Some(User::Holder(
                holder.file_name().to_string_lossy().into_owned(),
            ));
        }
        let directory = directory.canonicalize().ok()?;
        let name = Path::new("/dev").join(directory.file_name()?);
        self.swaps.contains(&name).then_some(User::Swap)
    }

    fn device(&self, number: DeviceNumber) -> PathBuf {
        self.devices.join(number.to_string())
    }
}

/// Reads `/proc/self/mountinfo`: ID, parent, device, root, place, options.
fn mounts(text: &str) -> Vec<Mount> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(2);
        let number = DeviceNumber::parse_decimal(words.next()?)?;
        let place = PathBuf::from(words.nth(1)?);
        let reads_only = words.next()?.split(',').any(|option| option == "ro");
        let access = if reads_only {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        };
        Some(Mount {
            number,
            place,
            access,
        })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDA: DeviceNumber = DeviceNumber { major: 8, minor: 0 };
    const SDA1: DeviceNumber = DeviceNumber { major: 8, minor: 1 };
    const LOOP: DeviceNumber = DeviceNumber { major: 7, minor: 3 };
    const FILE: Identity = Identity::File(8, 77);

    fn mount(number: DeviceNumber, access: Access) -> Mount {
        Mount {
            number,
            place: "/mnt".into(),
            access,
        }
    }

    fn host() -> Host {
        Host {
            loops: Vec::new(),
            mounts: Vec::new(),
            swaps: BTreeSet::new(),
            devices: "/nowhere".into(),
        }
    }

    fn disk(number: DeviceNumber, access: Access) -> DomainDisk {
        DomainDisk {
            number,
            access,
            name: "web".into(),
            device: "xvda".into(),
        }
    }

    #[test]
    fn mounts_are_read() {
        let text = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            23 22 7:3 / /mnt ro,nosuid - ext4 /dev/loop3 ro\nnonsense\n";
        let read = mounts(text);
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].number, read[0].access), (SDA1, Access::ReadWrite));
        assert_eq!(read[1], mount(LOOP, Access::ReadOnly));
    }

    #[test]
    fn readers_go_together_and_writers_with_nobody() {
        let (r, w) = (Access::ReadOnly, Access::ReadWrite);
        for (theirs, ours, clash) in [(r, r, false), (r, w, true), (w, r, true), (w, w, true)] {
            let domains = [disk(SDA, theirs)];
            let found = host().conflict(&domains, Identity::Device(SDA), ours);
            assert_eq!(found.is_some(), clash, "{theirs:?} {ours:?}");
            let mut host = host();
            host.mounts.push(mount(SDA, theirs));
            let found = host.conflict(&[], Identity::Device(SDA), ours);
            assert_eq!(found.is_some(), clash, "mounted {theirs:?}, {ours:?}");
        }
    }

    #[test]
    fn a_file_is_found_behind_its_loop_device() {
        let mut host = host();
        host.loops.push(loops::InUse {
            number: LOOP,
            file: (8, 77),
            access: Access::ReadWrite,
        });
        let found = host.conflict(&[], FILE, Access::ReadOnly);
        assert_eq!(found.unwrap().to_string(), "dom0's /dev/loop3");
        let domains = [disk(LOOP, Access::ReadWrite)];
        let found = host.conflict(&domains, FILE, Access::ReadOnly);
        assert_eq!(found.unwrap().to_string(), "domain web as xvda");
        host.mounts.push(mount(LOOP, Access::ReadWrite));
        let found = host.conflict(&[], FILE, Access::ReadWrite);
        assert_eq!(found.unwrap().to_string(), "dom0, mounted at /mnt");
        let other = host.conflict(&[], Identity::File(8, 78), Access::ReadWrite);
        assert_eq!(other, None);
    }

    #[test]
    fn partitions_and_their_disk_are_one_family() {
        let root = tempfile::tempdir().unwrap();
        let disk = root.path().join("block/sda");
        fs::create_dir_all(disk.join("sda1")).unwrap();
        fs::create_dir_all(disk.join("sda1/holders/dm-0")).unwrap();
        fs::write(disk.join("dev"), "8:0\n").unwrap();
        fs::write(disk.join("sda1/dev"), "8:1\n").unwrap();
        fs::write(disk.join("sda1/partition"), "1\n").unwrap();
        let link = |number: &str, to: &Path| {
            std::os::unix::fs::symlink(to, root.path().join(number)).unwrap();
        };
        link("8:0", &disk);
        link("8:1", &disk.join("sda1"));
        let host = Host {
            devices: root.path().to_owned(),
            ..host()
        };
        for number in [SDA, SDA1] {
            assert_eq!(host.family(number), BTreeSet::from([SDA, SDA1]));
            let found = host.conflict(&[], Identity::Device(number), Access::ReadOnly);
            assert_eq!(found, Some(User::Holder("dm-0".into())));
        }
    }
}
