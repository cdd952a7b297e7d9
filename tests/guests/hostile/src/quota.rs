//! Takes all of the store that it can get: nodes, watches, transactions, sizes; then says how much that was.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ringwall_sdk::abi::DomainId;
use ringwall_sdk::println;
use ringwall_sdk::time;
use ringwall_sdk::xenbus::{Nodes as _, Permission, Rights, Store, StoreError, Transaction};

/// No server lets a domain have so many of anything.
const MANY: u32 = 20_000;

/// Fills, reports, and stays.
pub(crate) fn fill() {
    match all() {
        Ok(()) => println!("QUOTA END"),
        Err(error) => println!("QUOTA FAILED: {error}"),
    }
    loop {
        time::sleep_until(time::monotonic_ns() + 1_000_000_000);
    }
}

fn all() -> Result<(), StoreError> {
    let store = Store::open()?;
    let sizes = [1, 1024, 2047, 2048, 2049, 3000, 4000].into_iter();
    let taken = sizes.filter(|size| {
        store
            .write("data/size", &format!("{:x<1$}", "", *size))
            .is_ok()
    });
    report("value", taken.max().unwrap_or(0));
    store.remove("data/size")?;
    let lengths = [1, 1000, 2000, 2042, 2043, 2044, 3000, 3800].into_iter();
    let taken = lengths.filter(|length| {
        let path = format!("data/{:y<1$}", "", *length);
        let made = store.write(&path, "").is_ok();
        let _ = store.remove(&path);
        made
    });
    report("path", taken.max().unwrap_or(0));

    let own: u16 = store.read_value("domid")?.unwrap_or(0);
    let list: Vec<Permission> = (own..own.saturating_add(100))
        .map(|domain| Permission {
            domain: DomainId::new(domain),
            rights: Rights::Read,
        })
        .collect();
    store.write("data/shared", "")?;
    let permissions = (1..=list.len()).take_while(|count| {
        let some = list.get(..*count).unwrap_or_default();
        store.set_permissions("data/shared", some).is_ok()
    });
    report("permissions", permissions.count());

    let mut open = Vec::new();
    for _ in 0..MANY {
        match Transaction::start(&store) {
            Ok(transaction) => open.push(transaction),
            Err(_) => break,
        }
    }
    report("transactions", open.len());
    if let Some(transaction) = open.first() {
        let made = (0..MANY)
            .take_while(|number| transaction.write(&format!("data/t{number}"), "").is_ok());
        report("transaction", made.count());
    }
    // They stay open.
    core::mem::forget(open);

    let mut watches = Vec::new();
    for number in 0..MANY {
        match store.watch(&format!("data/w{number}")) {
            Ok(watch) => watches.push(watch),
            Err(_) => break,
        }
    }
    report("watches", watches.len());

    let nodes = (0..MANY).take_while(|number| {
        // Deep ones, too.
        let path: String = format!("data/{}/{}/{number}", number % 7, number % 3);
        store.write(&path, "x").is_ok()
    });
    report("nodes", nodes.count());
    Ok(())
}

fn report(what: &str, count: usize) {
    println!("QUOTA {what}={count}");
}
