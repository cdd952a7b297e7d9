//! Disks of domains, on this machine's files and loop devices, with a store in memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ringwall_abi::DomainId;
use ringwall_devices::Error;
use ringwall_devices::backend::{self, Stage};
use ringwall_devices::disk::{self, Claim};
use ringwall_devices::store::{MemoryStore, Nodes as _};
use ringwall_guestfile::{Access, Disk, VirtualDevice};

const GUEST: DomainId = DomainId::new(3);
const OWN: &str = "/local/domain/0/backend/vbd/3/51712";
const GUESTS: &str = "/local/domain/3/device/vbd/51712";

fn disk(path: &Path, device: &str, access: Access) -> Disk {
    Disk {
        path: path.to_owned(),
        device: VirtualDevice::parse(device).unwrap(),
        access,
    }
}

/// A raw image in a directory of its own; `None`, and why, where loop devices can't be had.
fn image() -> Option<(tempfile::TempDir, std::path::PathBuf)> {
    let control = fs::OpenOptions::new().write(true).open("/dev/loop-control");
    if let Err(error) = control {
        println!("skipped: no loop devices here: {error}");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk.img");
    fs::File::create(&path).unwrap().set_len(1 << 20).unwrap();
    let path = path.canonicalize().unwrap();
    Some((directory, path))
}

/// How many loop devices stand for the file.
fn loops(path: &Path) -> usize {
    let devices = fs::read_dir("/sys/block").unwrap().flatten();
    let files = devices.filter_map(|device| {
        let file = device.path().join("loop/backing_file");
        fs::read_to_string(file).ok()
    });
    files.filter(|file| Path::new(file.trim()) == path).count()
}

#[test]
fn nodes_are_what_linux_reads() {
    let Some((_directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    let attached = disk::attach(
        &mut store,
        GUEST,
        &disk(&path, "xvda", Access::ReadWrite),
        Claim::Checked,
    )
    .unwrap();
    let number = attached.number.to_node();
    assert!(number.starts_with("7:"), "{number}");
    let expected = [
        ("backend-id", GUESTS, "0"),
        ("backend", GUESTS, OWN),
        ("device-type", GUESTS, "disk"),
        ("state", GUESTS, "1"),
        ("virtual-device", GUESTS, "51712"),
        ("bootable", OWN, "1"),
        ("dev", OWN, "xvda"),
        ("device-type", OWN, "disk"),
        ("discard-enable", OWN, "1"),
        ("frontend", OWN, GUESTS),
        ("frontend-id", OWN, "3"),
        ("mode", OWN, "w"),
        ("online", OWN, "1"),
        ("params", OWN, path.to_str().unwrap()),
        ("physical-device", OWN, &number),
        ("removable", OWN, "1"),
        ("state", OWN, "1"),
        ("type", OWN, "phy"),
    ];
    for (name, end, value) in expected {
        let found = store.read(&format!("{end}/{name}")).unwrap();
        assert_eq!(found.as_deref(), Some(value.as_bytes()), "{end}/{name}");
    }
    let ends = store.list(OWN).unwrap().len() + store.list(GUESTS).unwrap().len();
    assert_eq!(ends, expected.len());
}

#[test]
fn each_end_is_its_domains_own() {
    let Some((_directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    let disk = disk(&path, "xvda", Access::ReadOnly);
    let _attached = disk::attach(&mut store, GUEST, &disk, Claim::Checked).unwrap();
    for (path, _, permissions) in store.dump() {
        let expected: &[&str] = match path.as_str() {
            path if path.ends_with("/params") => &["n0"],
            path if path.starts_with(GUESTS) => &["n3", "r0"],
            path if path.starts_with(OWN) => &["n0", "r3"],
            // The guest lists its devices here, and can't add one.
            "/local/domain/3/device/vbd" => &["n0", "r3"],
            _ => &["n0"],
        };
        assert_eq!(permissions, expected, "{path}");
    }
}

#[test]
fn whatever_fails_leaves_nothing() {
    let Some((_directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    store.write("/local/domain/3/name", b"web").unwrap();
    let before = store.dump();
    let disk = disk(&path, "xvda", Access::ReadWrite);
    for operations in 0.. {
        store.fail_after(operations);
        match disk::attach(&mut store, GUEST, &disk, Claim::Checked) {
            Err(error) => {
                assert!(matches!(error, Error::Store(_)), "{error}");
                assert_eq!(store.dump(), before, "after {operations}");
                assert_eq!(loops(&path), 0, "after {operations}");
            }
            Ok(_) => {
                assert!(operations > 20);
                return;
            }
        }
    }
}

#[test]
fn a_disk_in_use_is_refused_by_the_users_name() {
    let Some((directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    store.write("/local/domain/3/name", b"web").unwrap();
    let attach = |store: &mut MemoryStore, domain, device, access, path: &Path| {
        disk::attach(
            store,
            DomainId::new(domain),
            &disk(path, device, access),
            Claim::Checked,
        )
    };
    let (r, w) = (Access::ReadOnly, Access::ReadWrite);
    let first = attach(&mut store, 3, "xvda", w, &path).unwrap();
    let error = attach(&mut store, 3, "xvda", w, &path).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    // Another name of the same file is the same disk.
    let link = directory.path().join("link");
    fs::hard_link(&path, &link).unwrap();
    for (device, access) in [("xvdb", w), ("xvdb", r)] {
        let error = attach(&mut store, 4, device, access, &link)
            .unwrap_err()
            .to_string();
        assert!(error.contains("in use by domain web as xvda"), "{error}");
    }
    assert_eq!(loops(&path) + loops(&link), 1);
    backend::remove(&mut store, first.address).unwrap();
    drop(first);
    assert_eq!(loops(&path), 0);
    let readers = [3, 4, 5].map(|domain| attach(&mut store, domain, "xvda", r, &path).unwrap());
    let error = attach(&mut store, 6, "xvda", w, &path)
        .unwrap_err()
        .to_string();
    assert!(error.contains("in use by domain web"), "{error}");
    for reader in readers {
        backend::remove_all(&mut store, reader.address.domain).unwrap();
    }
    assert_eq!(loops(&path), 0);
    let left: Vec<_> = store.dump().into_iter().map(|(path, ..)| path).collect();
    let is_end = |path: &&String| path.contains("51712") || path.contains("/vbd/");
    assert_eq!(left.iter().find(is_end), None);
}

#[test]
fn lists_say_what_was_attached() {
    let Some((_directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    let disk = disk(&path, "xvdc", Access::ReadOnly);
    let attached = disk::attach(&mut store, GUEST, &disk, Claim::Checked).unwrap();
    let listed = disk::list(&mut store, GUEST).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].path, path);
    assert_eq!(
        (listed[0].device.as_str(), listed[0].access),
        ("xvdc", Access::ReadOnly)
    );
    assert_eq!(listed[0].number, Some(attached.number));
    assert_eq!(listed[0].stage, Some(Stage::Starting));
}

#[test]
fn waiting_ends_with_the_state_an_error_or_the_time() {
    let Some((_directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    let disk = disk(&path, "xvda", Access::ReadOnly);
    let attached = disk::attach(&mut store, GUEST, &disk, Claim::Checked).unwrap();
    let (address, limit) = (attached.address, Duration::from_secs(5));
    let error = backend::wait_for(&mut store, address, Stage::Ready, Duration::ZERO).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("xvda is not yet taken by dom0's driver after 0 s"),
        "{text}"
    );
    let driver = std::thread::spawn({
        let mut store = store.clone();
        move || store.write(&format!("{OWN}/state"), b"2")
    });
    backend::wait_for(&mut store, address, Stage::Ready, limit).unwrap();
    driver.join().unwrap().unwrap();
    store
        .write(&address.error(), b"22 creating vbd structure")
        .unwrap();
    let error = backend::wait_for(&mut store, address, Stage::Connected, limit).unwrap_err();
    let text = error.to_string();
    assert_eq!(
        text,
        "dom0's driver refuses xvda: 22 creating vbd structure"
    );
    // What the driver complained of does not keep it attached.
    backend::detach(&mut store, address, limit).unwrap();
    assert_eq!(disk::list(&mut store, GUEST).unwrap(), []);
}

#[test]
fn a_guest_may_refuse_to_let_go_but_for_force() {
    let Some((_directory, path)) = image() else {
        return;
    };
    let mut store = MemoryStore::new();
    let disk = disk(&path, "xvda", Access::ReadOnly);
    let attached = disk::attach(&mut store, GUEST, &disk, Claim::Checked).unwrap();
    let error = backend::detach(&mut store, attached.address, Duration::ZERO).unwrap_err();
    assert!(matches!(error, Error::Late { .. }), "{error}");
    assert_eq!(store.read(&format!("{OWN}/online")).unwrap().unwrap(), b"0");
    assert_eq!(store.read(&format!("{OWN}/state")).unwrap().unwrap(), b"5");
    backend::remove(&mut store, attached.address).unwrap();
    assert_eq!(
        backend::look(&mut store, attached.address).unwrap(),
        Stage::Gone
    );
    let error = backend::close(&mut store, attached.address).unwrap_err();
    assert_eq!(error.to_string(), "the domain has no device 51712");
}
