//! Cards of domains on bridges; this test plays dom0's driver.

use std::time::Duration;

use ringwall_abi::DomainId;
use ringwall_devices::network::{self, CardRequest, Links};
use ringwall_devices::store::{MemoryStore, Nodes as _};
use ringwall_devices::{Error, backend};
use ringwall_guestfile::{Mac, Net};

use crate::namespace::{enter, ip};

const OWN: &str = "/local/domain/0/backend/vif/3/0";
const GUESTS: &str = "/local/domain/3/device/vif/0";

fn request<'a>(net: &'a Net, domain: u16, name: &'a str) -> CardRequest<'a> {
    CardRequest {
        domain: DomainId::new(domain),
        name,
        index: 0,
        net,
        default_bridge: "rwbr0",
    }
}

#[test]
fn nodes_are_what_linux_reads() {
    if !enter("cards::nodes_are_what_linux_reads") {
        return;
    }
    ip("link add rwbr0 type bridge");
    let mut store = MemoryStore::new();
    let net = Net::default();
    network::attach(&mut store, &mut Links::new(), request(&net, 3, "web")).unwrap();
    let mac = Mac::derived("web", 0).to_string();
    let expected = [
        ("backend", GUESTS, OWN),
        ("backend-id", GUESTS, "0"),
        ("handle", GUESTS, "0"),
        ("mac", GUESTS, mac.as_str()),
        ("state", GUESTS, "1"),
        ("bridge", OWN, "rwbr0"),
        ("frontend", OWN, GUESTS),
        ("frontend-id", OWN, "3"),
        ("handle", OWN, "0"),
        ("mac", OWN, mac.as_str()),
        ("online", OWN, "1"),
        ("script", OWN, ""),
        ("state", OWN, "1"),
        ("type", OWN, "vif"),
        ("vifname", OWN, "vif3.0"),
    ];
    for (name, end, value) in expected {
        let found = store.read(&format!("{end}/{name}")).unwrap();
        assert_eq!(found.as_deref(), Some(value.as_bytes()), "{end}/{name}");
    }
    let ends = store.list(OWN).unwrap().len() + store.list(GUESTS).unwrap().len();
    assert_eq!(ends, expected.len());
    let private = ["bridge", "vifname"].map(|name| format!("{OWN}/{name}"));
    for (path, _, permissions) in store.dump() {
        assert_eq!(
            permissions == ["n0"],
            !path.starts_with(OWN)
                && !path.starts_with(GUESTS)
                && path != "/local/domain/3/device/vif"
                || private.contains(&path),
            "{path}"
        );
    }
}

#[test]
fn an_interface_is_put_on_its_bridge_when_it_appears() {
    if !enter("cards::an_interface_is_put_on_its_bridge_when_it_appears") {
        return;
    }
    ip("link add rwbr0 type bridge");
    let (mut store, mut links) = (MemoryStore::new(), Links::new());
    for (domain, interface) in [(3, None), (4, Some("web0"))] {
        let net = Net {
            interface: interface.map(str::to_owned),
            ..Net::default()
        };
        let name = format!("web{domain}");
        let card = network::attach(&mut store, &mut links, request(&net, domain, &name)).unwrap();
        assert!(!network::connect(&mut store, &mut links, card.address).unwrap());
        let state = format!("{}/state", card.address.backend());
        store.write(&state, b"2").unwrap();
        assert!(!network::connect(&mut store, &mut links, card.address).unwrap());
        ip(&format!("tuntap add vif{domain}.0 mode tap"));
        // Twice: a daemon that starts again does so.
        for _ in 0..2 {
            assert!(network::connect(&mut store, &mut links, card.address).unwrap());
        }
        let shown = ip(&format!("link show {}", card.interface));
        assert!(
            shown.contains("master rwbr0") && shown.contains(",UP"),
            "{shown}"
        );
        let status = store.read(&format!("{}/hotplug-status", card.address.backend()));
        assert_eq!(status.unwrap().as_deref(), Some(b"connected".as_slice()));
        let listed = network::list(&mut store, DomainId::new(domain)).unwrap();
        assert_eq!(listed[0].interface, card.interface);
        assert_eq!(listed[0].mac, Some(Mac::derived(&name, 0)));
    }
    assert_eq!(ip("-br link show master rwbr0").lines().count(), 2);
}

#[test]
fn what_can_not_be_leaves_nothing() {
    if !enter("cards::what_can_not_be_leaves_nothing") {
        return;
    }
    let (mut store, mut links) = (MemoryStore::new(), Links::new());
    let mut net = Net::default();
    let error = network::attach(&mut store, &mut links, request(&net, 3, "web")).unwrap_err();
    assert!(
        error.to_string().starts_with("there is no bridge rwbr0"),
        "{error}"
    );
    net.bridge = Some("lo".to_owned());
    let error = network::attach(&mut store, &mut links, request(&net, 3, "web")).unwrap_err();
    assert!(matches!(error, Error::NotABridge { .. }), "{error}");
    assert_eq!(store.dump(), []);
    ip("link add rwbr0 type bridge");
    net.bridge = None;
    for operations in 0.. {
        store.fail_after(operations);
        match network::attach(&mut store, &mut links, request(&net, 3, "web")) {
            Err(_) => assert_eq!(store.dump(), [], "after {operations}"),
            Ok(card) => {
                store.fail_after(1000);
                // The driver never takes it.
                let limit = Duration::from_millis(5);
                let late = network::connect_within(&mut store, &mut links, card.address, limit);
                assert!(matches!(late, Err(Error::Late { .. })));
                break;
            }
        }
    }
    let left = store.dump();
    assert!(
        !left.iter().any(|(path, ..)| path.contains("vif/")),
        "{left:?}"
    );
}

#[test]
fn hardware_addresses_are_given_once() {
    if !enter("cards::hardware_addresses_are_given_once") {
        return;
    }
    ip("link add rwbr0 type bridge");
    let (mut store, mut links) = (MemoryStore::new(), Links::new());
    let given = Net {
        mac: Some(Mac::derived("web", 0)),
        ..Net::default()
    };
    let first = network::attach(&mut store, &mut links, request(&given, 3, "a")).unwrap();
    let error = network::attach(&mut store, &mut links, request(&given, 4, "b")).unwrap_err();
    assert!(error.to_string().contains("in use by domain 3"), "{error}");
    // A derived one gives way.
    let net = Net::default();
    let second = network::attach(&mut store, &mut links, request(&net, 4, "web")).unwrap();
    assert_ne!(first.mac, second.mac);
    backend::remove(&mut store, first.address).unwrap();
    network::attach(&mut store, &mut links, request(&given, 5, "c")).unwrap();
}
