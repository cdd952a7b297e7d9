//! The default network, made, found again, refused and removed.

use ringwall_devices::Error;
use ringwall_devices::network::{DefaultNetwork, Links, Settings};

use crate::namespace::{enter, ip};

/// Without translation, for kernels that have no nftables.
fn settings() -> Settings {
    Settings {
        nat: false,
        ..Settings::default()
    }
}

#[test]
fn it_is_made_once_and_removed() {
    if !enter("default::it_is_made_once_and_removed") {
        return;
    }
    let mut links = Links::new();
    for _ in 0..2 {
        DefaultNetwork::ensure(&mut links, settings()).unwrap();
        let shown = ip("-d addr show rwbr0");
        for part in [
            "10.77.0.1/24",
            "brd 10.77.0.255",
            "52:57:0a:4d:00:01",
            "alias ringwall",
            "bridge forward_delay 0",
            ",UP",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert_eq!(shown.matches("inet ").count(), 1, "{shown}");
    }
    // Other settings change what is there.
    let other = Settings {
        address: "10.78.0.1/16".parse().unwrap(),
        ..settings()
    };
    let network = DefaultNetwork::ensure(&mut links, other).unwrap();
    let shown = ip("addr show rwbr0");
    assert!(
        shown.contains("10.78.0.1/16") && !shown.contains("10.77."),
        "{shown}"
    );
    network.remove(&mut links).unwrap();
    assert_eq!(links.find("rwbr0").unwrap(), None);
    assert_eq!(ip("-br link").lines().count(), 1);
}

#[test]
fn what_others_use_is_left_to_them() {
    if !enter("default::what_others_use_is_left_to_them") {
        return;
    }
    let mut links = Links::new();
    let mut ensure = || DefaultNetwork::ensure(&mut links, settings());
    ip("tuntap add rwbr0 mode tap");
    let error = ensure().unwrap_err();
    assert_eq!(
        error.to_string(),
        "rwbr0 is no bridge but tun: name a bridge"
    );
    ip("link del rwbr0");
    ip("link add rwbr0 type bridge");
    ip("addr add 192.168.1.1/24 dev rwbr0");
    let error = ensure().unwrap_err();
    assert!(matches!(error, Error::BridgeInUse { .. }), "{error}");
    // One that was made for us is used, and stays.
    ip("addr add 10.77.0.1/24 dev rwbr0");
    let network = ensure().unwrap();
    network.remove(&mut Links::new()).unwrap();
    assert!(ip("addr show rwbr0").contains("192.168.1.1"));
    ip("link del rwbr0");
    ip("tuntap add other mode tap");
    ip("addr add 10.77.0.200/25 dev other");
    let error = DefaultNetwork::ensure(&mut Links::new(), settings()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("10.77.0.0/24 is already the network of other"),
        "{error}"
    );
    assert!(!ip("-br link").contains("rwbr0"));
}

#[test]
fn addresses_are_translated_where_the_kernel_can() {
    if !enter("default::addresses_are_translated_where_the_kernel_can") {
        return;
    }
    let mut links = Links::new();
    match DefaultNetwork::ensure(&mut links, Settings::default()) {
        Ok(network) => {
            DefaultNetwork::ensure(&mut links, Settings::default()).unwrap();
            network.remove(&mut links).unwrap();
        }
        Err(error) => {
            println!("skipped: no nftables here: {error}");
            assert!(error.to_string().contains("nftables"), "{error}");
        }
    }
    // Whether it was made or could not be, nothing is left.
    assert_eq!(links.find("rwbr0").unwrap(), None);
}
