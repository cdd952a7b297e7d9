//! Others' nodes: read, listed, written, removed, watched, given away.

use alloc::format;

use ringwall_sdk::abi::DomainId;
use ringwall_sdk::abi::io::xs_wire::MessageType;
use ringwall_sdk::xenbus::{Nodes as _, Permission, Rights, Store};

use super::Tally;

/// Nodes below a domain's home.
const NODES: [&str; 9] = [
    "",
    "/name",
    "/data",
    "/data/secret",
    "/console/ring-ref",
    "/console/port",
    "/store/ring-ref",
    "/control/shutdown",
    "/device/vbd/51712/ring-ref",
];

pub(super) fn trespass(other: DomainId, tally: &mut Tally) {
    let Ok(store) = Store::open() else { return };
    let home = format!("/local/domain/{}", other.raw());
    for node in NODES {
        let path = format!("{home}{node}");
        // dom0's name and the list of its domains are no secrets; a domU's nodes are.
        if other != DomainId::DOM0 {
            tally.attempt(store.read(&path).is_ok(), format_args!("read {path}"));
            let list = store.directory(&path);
            tally.attempt(list.is_ok(), format_args!("list {path}"));
        }
        let wrote = store.write(&path, "trespassed");
        tally.attempt(wrote.is_ok(), format_args!("write {path}"));
        let made = store.make_directory(&format!("{path}/trespassed"));
        tally.attempt(made.is_ok(), format_args!("make below {path}"));
        let own = Permission {
            domain: DomainId::new(1),
            rights: Rights::ReadWrite,
        };
        let given = store.set_permissions(&path, &[own]);
        tally.attempt(given.is_ok(), format_args!("own {path}"));
        let removed = store.remove(&path);
        tally.attempt(removed.is_ok(), format_args!("remove {path}"));
    }
    for path in [
        "/trespassed",
        "/local/trespassed",
        "/vm/trespassed",
        "/tool/trespassed",
        "/local/domain/0/backend/x",
    ] {
        let wrote = store.write(path, "");
        tally.attempt(wrote.is_ok(), format_args!("write {path}"));
    }
    // What the control domain alone may ask.
    let id = format!("{}\0", other.raw());
    let introduce = format!("{}\x000\x001\0", other.raw());
    let target = format!("{}\x001\0", other.raw());
    for (kind, payload) in [
        (MessageType::Introduce, introduce.as_bytes()),
        (MessageType::Release, id.as_bytes()),
        (MessageType::Resume, id.as_bytes()),
        (MessageType::SetTarget, target.as_bytes()),
        (MessageType::Control, b"quota\0".as_slice()),
    ] {
        let answer = store.request(kind, &[payload]);
        tally.attempt(answer.is_ok(), format_args!("{kind:?} {}", other.raw()));
    }
}
