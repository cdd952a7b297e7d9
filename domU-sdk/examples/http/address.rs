//! Where the address comes from.

use alloc::string::String;

use ringwall_sdk::start;
use ringwall_sdk::xenbus::{Nodes as _, Store};
use smoltcp::wire::{Ipv4Address, Ipv4Cidr};

/// An address that somebody has chosen for us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Configured {
    pub(crate) address: Ipv4Cidr,
    pub(crate) gateway: Option<Ipv4Address>,
}

/// The address on the command line or in the store. What is there and makes no sense is as if it were
/// not there.
pub(crate) fn configured(store: &Store) -> Option<Configured> {
    let value = |name: &str| {
        let words = start::command_line().split_ascii_whitespace();
        let mut pairs = words.filter_map(|word| word.split_once('='));
        match pairs.find(|(key, _)| *key == name) {
            Some((_, value)) => Some(String::from(value)),
            None => store.read(&alloc::format!("vm-data/{name}")).ok(),
        }
    };
    Some(Configured {
        address: value("ip")?.parse().ok()?,
        gateway: value("gateway").and_then(|text| text.parse().ok()),
    })
}
