//! Ends and none: a guest that works, one that ignores what it is asked, one that crashes.

use ringwall_sdk::xenbus::{Nodes as _, Store};
use ringwall_sdk::{println, shutdown, time};

const SECOND_NS: u64 = 1_000_000_000;

/// A good neighbour: it counts what the store answers, ten times a second, and says so.
pub(crate) fn work() {
    let store = match Store::open() {
        Ok(store) => store,
        Err(error) => return println!("NEIGHBOUR FAILED: {error}"),
    };
    for round in 0_u64.. {
        let text = alloc::format!("{round}");
        let done = store
            .write("data/round", &text)
            .and_then(|()| store.read("data/round"));
        match done {
            Ok(read) if read == text => println!("NEIGHBOUR {round}"),
            other => println!("NEIGHBOUR FAILED: {other:?}"),
        }
        time::sleep_until(time::monotonic_ns() + SECOND_NS / 10);
    }
}

/// Hears nothing.
pub(crate) fn ignore() {
    println!("HOSTILE ignores all");
    loop {
        time::sleep_until(time::monotonic_ns() + SECOND_NS);
    }
}

/// Ends as crashed, when nobody expects it any more.
pub(crate) fn later() {
    time::sleep_until(time::monotonic_ns() + 3 * SECOND_NS);
    println!("HOSTILE ends");
    shutdown::crash()
}

/// Ends as crashed.
pub(crate) fn crash() {
    println!("HOSTILE crashes");
    shutdown::crash()
}
