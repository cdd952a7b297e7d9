//! The client of the store.

use std::mem::offset_of;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use ringwall_abi::io::xs_wire::{MessageHeader, MessageType, StoreRing};
use ringwall_abi::{DomainId, Errno};
use ringwall_sdk::device::Platform;
use ringwall_sdk::xenbus::{Control, Nodes, Permission, Request, Rights, StoreError};
use zerocopy::IntoBytes;

use crate::scribble;
use crate::store_back::{self, HOME};
use crate::world::World;

#[test]
fn nodes_are_written_read_listed_and_removed() {
    let (store, nodes) = store_back::connect(&World::new());
    store.write("data/a", "one").unwrap();
    store.write("/tool/b", "").unwrap();
    store.make_directory("data/c").unwrap();
    assert_eq!(store.read("data/a").unwrap(), "one");
    assert_eq!(nodes.get(&format!("{HOME}/data/a")).unwrap(), "one");
    assert_eq!(store.directory("data").unwrap(), ["a", "c"]);
    assert_eq!(store.directory("data/c").unwrap(), [""; 0]);
    store.remove("data/a").unwrap();
    assert!(store.read("data/a").unwrap_err().is_absent());
    assert_eq!(store.read_value::<u32>("data/a").unwrap(), None);
    store.write("data/n", "12").unwrap();
    assert_eq!(store.read_value("data/n").unwrap(), Some(12_u32));
    store.write("data/n", "x").unwrap();
    let value = store.read_value::<u32>("data/n");
    assert_eq!(value, Err(StoreError::BadAnswer));
}

#[test]
fn what_is_no_path_is_not_sent() {
    let (store, _) = store_back::connect(&World::new());
    assert_eq!(store.read("a//b"), Err(StoreError::BadPath));
    assert_eq!(store.write("a\0b", "x"), Err(StoreError::BadPath));
    let long = "x".repeat(4097);
    assert_eq!(store.write("a", &long), Err(StoreError::TooLong));
}

#[test]
fn values_may_be_longer_than_the_ring() {
    let (store, _) = store_back::connect(&World::new());
    let long = "x".repeat(4000);
    store.write("long", &long).unwrap();
    assert_eq!(store.read("long").unwrap(), long);
}

#[test]
fn lists_too_long_for_a_message_come_in_parts() {
    let (store, nodes) = store_back::connect(&World::new());
    let names: Vec<String> = (100..200).map(|number| format!("name-{number}")).collect();
    for name in &names {
        nodes.set(&format!("{HOME}/list/{name}"), "");
    }
    for limit in [9, 10, 100, 899, 900, 901] {
        nodes.limit_lists(limit);
        assert_eq!(store.directory("list").unwrap(), names, "{limit}");
    }
}

#[test]
fn permissions_are_set_and_read() {
    let (store, _) = store_back::connect(&World::new());
    let permission = |domain, rights| Permission {
        domain: DomainId::new(domain),
        rights,
    };
    let list = [
        permission(1, Rights::None),
        permission(0, Rights::ReadWrite),
    ];
    store.set_permissions("data", &list).unwrap();
    assert_eq!(store.permissions("data").unwrap(), list);
}

#[test]
fn a_watch_tells_of_changes_until_it_is_dropped() {
    let world = World::new();
    let (store, nodes) = store_back::connect(&world);
    let mut watch = store.watch("a").unwrap();
    let path = format!("{HOME}/a");
    assert_eq!(watch.wait(u64::MAX).unwrap(), path);
    assert_eq!(watch.take().unwrap(), None);
    nodes.set(&format!("{path}/b"), "1");
    nodes.set("/elsewhere", "1");
    assert_eq!(watch.wait(u64::MAX).unwrap(), format!("{path}/b"));
    let soon = world.now_ns() + 1;
    assert_eq!(watch.wait(soon), Err(StoreError::TimedOut));
    assert_eq!(nodes.watches(), 1);
    drop(watch);
    assert_eq!(nodes.watches(), 0);
}

#[test]
fn a_transaction_is_tried_again_and_then_all_there_at_once() {
    let (store, nodes) = store_back::connect(&World::new());
    nodes.refuse_commits(3);
    let mut attempts = 0;
    let result = store.transaction(|transaction| {
        attempts += 1;
        transaction.write("a", "1")?;
        assert_eq!(transaction.read("a")?, "1");
        assert_eq!(nodes.get(&format!("{HOME}/a")), None);
        Ok(attempts)
    });
    assert_eq!(result, Ok(4));
    assert_eq!(store.read("a").unwrap(), "1");
    nodes.refuse_commits(usize::MAX);
    let result = store.transaction(|transaction| transaction.write("a", "2"));
    assert_eq!(result, Err(StoreError::Refused(Errno::EAGAIN)));
    // Taken back when it fails in between.
    nodes.refuse_commits(0);
    let result = store.transaction(|transaction| {
        transaction.write("a", "3")?;
        transaction.read("absent")
    });
    assert!(result.unwrap_err().is_absent());
    assert_eq!(store.read("a").unwrap(), "1");
}

#[test]
fn requests_of_the_toolstack_are_acknowledged() {
    let world = World::new();
    let (store, nodes) = store_back::connect(&world);
    let mut control = Control::new(&store).unwrap();
    let node = format!("{HOME}/control/shutdown");
    assert_eq!(control.take(), Ok(None));
    for (text, request) in [
        ("poweroff", Request::PowerOff),
        ("halt", Request::PowerOff),
        ("reboot", Request::Reboot),
        ("suspend", Request::Suspend),
        ("dance", Request::Other("dance".into())),
    ] {
        nodes.set(&node, text);
        assert_eq!(control.wait(u64::MAX), Ok(request));
        assert_eq!(nodes.get(&node).unwrap(), "");
        world.step();
        assert_eq!(control.take(), Ok(None));
    }
    let feature = format!("{HOME}/control/feature-reboot");
    assert_eq!(nodes.get(&feature).unwrap(), "1");
}

#[test]
fn a_late_answer_is_nobodys() {
    let world = World::new();
    let (store, nodes) = store_back::connect(&world);
    nodes.set(&format!("{HOME}/a"), "1");
    nodes.silence(true);
    assert_eq!(store.read("a"), Err(StoreError::TimedOut));
    nodes.silence(false);
    assert_eq!(store.read("a").unwrap(), "1");
}

/// What a store that lies sends for an answer, and what comes of it.
#[test]
fn wild_answers_break_the_connection_and_nothing_else() {
    let header = |kind: MessageType, req_id, len| MessageHeader {
        kind: kind.number(),
        req_id,
        tx_id: 0,
        len,
    };
    for (header, payload) in [
        (header(MessageType::Read, 1, 4097), &b""[..]),
        (header(MessageType::Read, 1, u32::MAX), b""),
        (header(MessageType::Read, 2, 0), b""),
        (header(MessageType::Write, 1, 0), b""),
        (header(MessageType::WatchEvent, 1, 3), b"a\0b"),
        (header(MessageType::WatchEvent, 1, 2), b"a\0"),
        (header(MessageType::WatchEvent, 1, 4), b"a\0x\0"),
        (header(MessageType::WatchEvent, 1, 2), b"\xff\0"),
    ] {
        let world = World::new();
        let (store, page) = store_back::connection(&world);
        world.add(move |_| {
            let all = [header.as_bytes(), payload].concat();
            page.write(offset_of!(StoreRing, rsp), &all).unwrap();
            let producer = page.u32(offset_of!(StoreRing, rsp_prod));
            producer.store(all.len().try_into().unwrap(), Ordering::Release);
        });
        let result = store.read("a");
        assert!(matches!(result, Err(StoreError::Broken(_))), "{result:?}");
        // It stays broken.
        assert_eq!(store.read("a"), result);
    }
    for (index, value) in [
        (offset_of!(StoreRing, rsp_prod), 1025),
        (offset_of!(StoreRing, rsp_cons), 1),
        (offset_of!(StoreRing, req_cons), 5000),
    ] {
        let world = World::new();
        let (store, page) = store_back::connection(&world);
        page.u32(index).store(value, Ordering::Relaxed);
        let result = store.read("a");
        assert!(matches!(result, Err(StoreError::Broken(_))), "{result:?}");
    }
}

#[test]
fn errors_without_a_name_are_no_answer() {
    let world = World::new();
    let (store, page) = store_back::connection(&world);
    world.add(move |_| {
        let header = MessageHeader {
            kind: MessageType::Error.number(),
            req_id: 1,
            tx_id: 0,
            len: 4,
        };
        let all = [header.as_bytes(), b"EWHY"].concat();
        page.write(offset_of!(StoreRing, rsp), &all).unwrap();
        let producer = page.u32(offset_of!(StoreRing, rsp_prod));
        producer.store(20, Ordering::Release);
    });
    assert_eq!(store.read("a"), Err(StoreError::BadAnswer));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is written over the ring at any time: operations end, with an error or a wrong answer.
    #[test]
    fn scribbles_on_the_ring_are_survived(scribbles in scribble::some(40)) {
        let world = World::new();
        let (store, page) = store_back::connection(&world);
        let mut scribbles = scribbles.into_iter();
        world.add(move |_| {
            if let Some(scribble) = scribbles.next() {
                scribble.apply(&page);
            }
        });
        for node in ["a", "b", "c"] {
            let _ = store.read(node);
            let _ = store.directory(node);
            if let Ok(mut watch) = store.watch(node) {
                let _ = watch.take();
            }
            let _ = store.transaction(|transaction| transaction.write(node, "x"));
        }
    }
}
