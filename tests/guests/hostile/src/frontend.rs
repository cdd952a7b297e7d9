//! Front ends that keep to nothing: nodes written wildly, devices connected and closed without end.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ringwall_sdk::abi::DomainId;
use ringwall_sdk::block::Block;
use ringwall_sdk::net::{Net, NetOptions};
use ringwall_sdk::xenbus::{Nodes as _, Permission, Rights, Store, StoreError};
use ringwall_sdk::{println, time};

use crate::options::Options;
use guests::random::Random;

/// Nodes of front ends, those that back ends read among them.
const NAMES: [&str; 18] = [
    "state",
    "state",
    "state",
    "ring-ref",
    "ring-ref0",
    "ring-page-order",
    "event-channel",
    "protocol",
    "feature-persistent",
    "tx-ring-ref",
    "rx-ring-ref",
    "request-rx-copy",
    "multi-queue-num-queues",
    "queue-0/tx-ring-ref",
    "backend",
    "backend-id",
    "virtual-device",
    "mac",
];
const VALUES: [&str; 10] = [
    "",
    "x86_64-abi",
    "-1",
    "18446744073709551616",
    "0x41",
    "/local/domain/0/backend/vbd/0/0",
    "/local/domain/0",
    "00:00:00:00:00:00",
    "%s%n",
    "1\n2",
];
/// Between two changes: back ends are not flooded, but led astray.
const PAUSE_NS: u64 = 5_000_000;

/// Writes what comes, for ever.
pub(crate) fn write_wildly(options: &Options) {
    match wildly(&mut Random::new(options.seed)) {
        Ok(()) => {}
        Err(error) => println!("HOSTILE FAILED: {error}"),
    }
}

fn wildly(random: &mut Random) -> Result<(), StoreError> {
    let store = Store::open()?;
    let devices = devices(&store)?;
    println!("HOSTILE front ends {devices:?}");
    for round in 0_u64.. {
        for device in &devices {
            // What is refused was worth a try.
            let _ = change(&store, device, random);
        }
        if round % 50 == 0 {
            println!("HOSTILE frontend round {round}");
        }
        time::sleep_until(time::monotonic_ns() + PAUSE_NS);
    }
    Ok(())
}

fn devices(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for class in ["vbd", "vif"] {
        let path = format!("device/{class}");
        match store.directory(&path) {
            Ok(names) => found.extend(names.iter().map(|name| format!("{path}/{name}"))),
            Err(error) if error.is_absent() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn change(store: &Store, device: &str, random: &mut Random) -> Result<(), StoreError> {
    let name = random.of(&NAMES);
    let path = format!("{device}/{name}");
    match random.below(16) {
        0 => store.remove(&path),
        1 => store.remove(device),
        2 => store.make_directory(&format!("{path}/below")),
        3 => {
            let nobody = Permission {
                domain: DomainId::DOM0,
                rights: Rights::None,
            };
            let own = Permission {
                domain: DomainId::new(u16::try_from(random.below(8)).unwrap_or(0)),
                rights: Rights::None,
            };
            store.set_permissions(&path, &[own, nobody])
        }
        4..7 => store.write(&path, random.of(&VALUES)),
        7..12 => store.write(&path, &format!("{}", random.below(9))),
        _ => store.write(&path, &format!("{}", random.word())),
    }
}

/// Connects and closes, for ever: properly, and by leaving in the middle.
pub(crate) fn reconnect() {
    let Ok(store) = Store::open() else { return };
    let mut connected = 0_u64;
    for round in 0_u64.. {
        for disk in Block::list(&store).unwrap_or_default() {
            match Block::connect(&store, disk) {
                Ok(mut disk) => {
                    connected += 1;
                    let read = disk.read(0, &mut [0; 4096]);
                    match round % 3 {
                        // Dropped with its ring and its channel, and the state left as it was.
                        0 => drop(disk),
                        _ => drop(disk.close()),
                    }
                    if let Err(error) = read {
                        println!("HOSTILE read: {error}");
                    }
                }
                Err(error) => println!("HOSTILE disk: {error}"),
            }
        }
        for card in Net::list(&store).unwrap_or_default() {
            match Net::connect(&store, card, NetOptions::default()) {
                Ok(net) => {
                    connected += 1;
                    match round % 3 {
                        0 => drop(net),
                        _ => drop(net.close()),
                    }
                }
                Err(error) => println!("HOSTILE card: {error}"),
            }
        }
        println!("HOSTILE reconnect round {round}, connected {connected}");
    }
}
