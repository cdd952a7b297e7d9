//! What requests come to.

use ringwall_abi::io::xs_wire::MessageType as T;

use super::{Bench, DOM0, domain};
use crate::quota::Quota;

fn event(text: &str) -> (&'static str, String) {
    ("XS_WATCH_EVENT", text.to_owned())
}

#[test]
fn answers_are_as_the_protocol_has_them() {
    let mut bench = Bench::new();
    for (kind, payload, expected) in [
        (T::Write, "/a/b|v", "OK|"),
        (T::Read, "/a/b|", "v"),
        (T::Read, "/a|", ""),
        (T::Read, "/x|", "ENOENT|"),
        (T::Read, "/a/b/|", "EINVAL|"),
        (T::Read, "/a/b", "EINVAL|"),
        (T::Directory, "/a|", "b|"),
        (T::Directory, "/a/b|", ""),
        (T::Directory, "/x|", "ENOENT|"),
        (T::Mkdir, "/a/b|", "OK|"),
        (T::Mkdir, "/c/d|", "OK|"),
        (T::Read, "/a/b|", "v"),
        (T::GetPerms, "/c/d|", "n0|"),
        (T::SetPerms, "/c/d|b1|r2|", "OK|"),
        (T::GetPerms, "/c/d|", "b1|r2|"),
        (T::SetPerms, "/c/d|", "EINVAL|"),
        (T::SetPerms, "/c/d|x1|", "EINVAL|"),
        (T::SetPerms, "/x|n0|", "ENOENT|"),
        (T::Rm, "/c|", "OK|"),
        (T::Rm, "/c|", "OK|"),
        (T::Rm, "/c/d/e|", "ENOENT|"),
        (T::Rm, "/|", "EINVAL|"),
        (T::GetDomainPath, "7|", "/local/domain/7|"),
        (T::GetDomainPath, "x|", "EINVAL|"),
        (T::IsDomainIntroduced, "0|", "T|"),
        (T::IsDomainIntroduced, "1|", "T|"),
        (T::IsDomainIntroduced, "9|", "F|"),
        (T::Resume, "1|", "OK|"),
        (T::Resume, "9|", "ENOENT|"),
        (T::SetTarget, "1|2|", "OK|"),
        (T::SetTarget, "1|9|", "ENOENT|"),
        (T::SetTarget, "9|1|", "ENOENT|"),
        (T::Introduce, "0|1|7|", "EINVAL|"),
        (T::Introduce, "5|1|", "EINVAL|"),
        (T::Release, "9|", "ENOENT|"),
        (T::Release, "0|", "EINVAL|"),
        (T::Unwatch, "/a|t|", "ENOENT|"),
        (T::TransactionEnd, "T|", "ENOENT|"),
        (T::TransactionEnd, "x|", "EINVAL|"),
        (T::Control, "check|", "OK|"),
        (T::Control, "nonsense|", "EINVAL|"),
        (T::Invalid, "", "ENOSYS|"),
        (T::WatchEvent, "/a|t|", "ENOSYS|"),
    ] {
        assert_eq!(bench.ask(DOM0, kind, payload), expected, "{kind} {payload}");
    }
}

#[test]
fn a_long_list_comes_in_pieces() {
    let mut bench = Bench::new();
    let names: Vec<String> = (0..500).map(|number| format!("node-{number:05}")).collect();
    for name in &names {
        bench.ok(DOM0, T::Mkdir, &format!("/many/{name}|"));
    }
    assert_eq!(bench.ask(DOM0, T::Directory, "/many|"), "E2BIG|");
    let (mut offset, mut list, mut generations) = (0, String::new(), Vec::new());
    loop {
        let answer = bench.ask(DOM0, T::DirectoryPart, &format!("/many|{offset}|"));
        let (generation, part) = answer.split_once('|').expect("a generation");
        generations.push(generation.to_owned());
        let end = part.ends_with("||") || part == "|";
        let part = if end { &part[..part.len() - 1] } else { part };
        list.push_str(part);
        offset += part.len();
        if end {
            break;
        }
    }
    assert_eq!(
        list.trim_end_matches('|').split('|').collect::<Vec<_>>(),
        names
    );
    generations.dedup();
    assert_eq!(generations.len(), 1);
    assert_eq!(
        bench.ask(DOM0, T::DirectoryPart, "/many|999999|"),
        "EINVAL|"
    );
}

#[test]
fn watches_tell_what_happened_where() {
    let mut bench = Bench::new();
    bench.send(DOM0, T::Watch, 0, "/a|t|");
    bench.send(DOM0, T::Watch, 0, "/a|t|");
    let ok = ("XS_WATCH", "OK|".to_owned());
    let twice = ("XS_ERROR", "EEXIST|".to_owned());
    assert_eq!(bench.take(DOM0), [ok.clone(), event("/a|t|"), twice]);
    bench.send(DOM0, T::Watch, 0, "/a/b/c|deep|");
    assert_eq!(bench.take(DOM0), [ok, event("/a/b/c|deep|")]);
    let written = ("XS_WRITE", "OK|".to_owned());
    bench.send(DOM0, T::Write, 0, "/a/b/c|1");
    assert_eq!(
        bench.take(DOM0),
        [written, event("/a/b/c|t|"), event("/a/b/c|deep|")]
    );
    let removed = ("XS_RM", "OK|".to_owned());
    bench.send(DOM0, T::Rm, 0, "/a|");
    assert_eq!(
        bench.take(DOM0),
        [removed.clone(), event("/a|t|"), event("/a/b/c|deep|")]
    );
    bench.send(DOM0, T::Rm, 0, "/a|");
    assert_eq!(bench.take(DOM0), [removed]);
    bench.ok(DOM0, T::Unwatch, "/a|t|");
    bench.send(DOM0, T::Write, 0, "/a/x|1");
    assert_eq!(bench.take(DOM0), [("XS_WRITE", "OK|".to_owned())]);
}

#[test]
fn relative_watches_have_relative_events() {
    let mut bench = Bench::new();
    let client = domain(1);
    bench.send(client, T::Watch, 0, "device|t|");
    bench.take(client);
    bench.ok(DOM0, T::Write, "/local/domain/1/device/vbd|1");
    assert_eq!(bench.take(client), [event("device/vbd|t|")]);
}

#[test]
fn domains_are_announced_to_those_who_may_know() {
    let mut bench = Bench::new();
    for id in [DOM0, domain(2)] {
        for path in [
            "@introduceDomain|t|",
            "@releaseDomain|t|",
            "@releaseDomain|d|1|",
        ] {
            bench.ok(id, T::Watch, path);
        }
        bench.take(id);
    }
    bench.ok(DOM0, T::Introduce, "9|1|7|");
    // `ok` took the answer with what followed: the next change shows what is left.
    bench.send(DOM0, T::Release, 0, "9|");
    let expected = [
        ("XS_RELEASE", "OK|".to_owned()),
        event("@releaseDomain|t|"),
        event("@releaseDomain/9|d|"),
    ];
    assert_eq!(bench.take(DOM0), expected);
    assert!(bench.take(domain(2)).is_empty(), "a domain is not told");
    assert_eq!(
        bench.ask(domain(2), T::SetPerms, "@releaseDomain|n0|r2|"),
        "EACCES|"
    );
    bench.ok(DOM0, T::SetPerms, "@releaseDomain|n0|r2|");
    bench.ok(DOM0, T::Introduce, "9|1|7|");
    bench.ok(DOM0, T::Release, "9|");
    assert_eq!(bench.take(domain(2)), expected[1..]);
}

#[test]
fn a_transaction_is_alone_and_whole() {
    let mut bench = Bench::new();
    bench.ok(DOM0, T::Write, "/a|1");
    let transaction = bench.start(DOM0);
    bench.send(DOM0, T::Watch, 0, "/|t|");
    bench.take(DOM0);
    assert_eq!(bench.ask_in(DOM0, transaction, T::Write, "/a|2"), "OK|");
    assert_eq!(bench.ask_in(DOM0, transaction, T::Write, "/b|2"), "OK|");
    assert_eq!(bench.ask_in(DOM0, transaction, T::Read, "/a|"), "2");
    assert_eq!(bench.ask(DOM0, T::Read, "/a|"), "1");
    assert_eq!(
        bench.ask_in(DOM0, transaction, T::TransactionStart, "|"),
        "EBUSY|"
    );
    bench.send(DOM0, T::TransactionEnd, transaction, "T|");
    let done = ("XS_TRANSACTION_END", "OK|".to_owned());
    assert_eq!(bench.take(DOM0), [done, event("/a|t|"), event("/b|t|")]);
    assert_eq!(bench.ask(DOM0, T::Read, "/a|"), "2");
    assert_eq!(bench.ask_in(DOM0, transaction, T::Read, "/a|"), "ENOENT|");
    let discarded = bench.start(DOM0);
    assert_eq!(bench.ask_in(DOM0, discarded, T::Rm, "/a|"), "OK|");
    assert_eq!(
        bench.ask_in(DOM0, discarded, T::TransactionEnd, "F|"),
        "OK|"
    );
    assert_eq!(bench.ask(DOM0, T::Read, "/a|"), "2");
}

#[test]
fn only_what_a_transaction_touched_disturbs_it() {
    for (within, meanwhile, expected) in [
        ((T::Read, "/a|"), "/a|", "EAGAIN|"),
        ((T::Read, "/a|"), "/other|", "OK|"),
        ((T::Write, "/a|x"), "/a|", "EAGAIN|"),
        ((T::Directory, "/d|"), "/d/new|", "EAGAIN|"),
        ((T::Directory, "/d|"), "/d/old|", "OK|"),
        ((T::Mkdir, "/d/mine|"), "/d/yours|", "OK|"),
        ((T::Read, "/missing|"), "/missing|", "EAGAIN|"),
    ] {
        let mut bench = Bench::new();
        bench.ok(DOM0, T::Write, "/a|1");
        bench.ok(DOM0, T::Write, "/d/old|1");
        let transaction = bench.start(DOM0);
        bench.ask_in(DOM0, transaction, within.0, within.1);
        assert_eq!(
            bench.ask_in(DOM0, transaction, T::Write, "/result|1"),
            "OK|"
        );
        bench.ok(DOM0, T::Write, &format!("{meanwhile}2"));
        let result = bench.ask_in(DOM0, transaction, T::TransactionEnd, "T|");
        assert_eq!(result, expected, "{within:?} {meanwhile}");
        let made = bench.ask(DOM0, T::Read, "/result|");
        assert_eq!(made, if expected == "OK|" { "1" } else { "ENOENT|" });
    }
}

#[test]
fn quotas_bind_domains_alone() {
    let quota = Quota {
        nodes: 4,
        value_size: 5,
        permissions: 2,
        watches: 2,
        transactions: 1,
        transaction_size: 3,
        path_length: 40,
        ..Quota::DEFAULT
    };
    let mut bench = Bench::with(quota);
    for (id, expected) in [
        (domain(1), ["ENOSPC|", "ENOSPC|", "E2BIG|", "EINVAL|"]),
        (DOM0, ["OK|"; 4]),
    ] {
        bench.ok(id, T::Write, "/local/domain/1/a|12345");
        assert_eq!(
            bench.ask(id, T::Write, "/local/domain/1/a|123456"),
            expected[0]
        );
        assert_eq!(
            bench.ask(id, T::SetPerms, "/local/domain/1/a|n1|r2|r3|"),
            expected[1]
        );
        bench.ok(id, T::Watch, "/a|1|");
        bench.ok(id, T::Watch, "/a|2|");
        assert_eq!(bench.ask(id, T::Watch, "/a|3|"), expected[2]);
        let long = format!("/local/domain/1/{}|1", "x".repeat(40));
        assert_eq!(bench.ask(id, T::Write, &long), expected[3]);
    }
    // The control domain's node below domain 1's home is domain 1's.
    let client = domain(2);
    bench.ok(client, T::Mkdir, "a/b/c|");
    assert_eq!(bench.ask(client, T::Mkdir, "d|"), "ENOSPC|");
    bench.ok(client, T::Rm, "a/b|");
    bench.ok(client, T::Mkdir, "d|");
    let transaction = bench.start(client);
    assert_eq!(bench.ask(client, T::TransactionStart, "|"), "ENOSPC|");
    for name in ["1", "2", "3"] {
        assert_eq!(
            bench.ask_in(client, transaction, T::Read, &format!("{name}|")),
            "ENOENT|"
        );
    }
    assert_eq!(bench.ask_in(client, transaction, T::Read, "4|"), "ENOSPC|");
    assert_eq!(bench.ask_in(client, transaction, T::Read, "1|"), "ENOENT|");
}

/// Each path and each value may be as long as a message: that there are not too many of them is not enough.
#[test]
fn a_domains_transaction_keeps_only_so_many_bytes() {
    let mut bench = Bench::new();
    let long = "x".repeat(2000);
    for (client, is_bound) in [(domain(1), true), (DOM0, false)] {
        let transaction = bench.start(client);
        let mut last = String::new();
        for number in 0..200 {
            let path = format!("/local/domain/1/{number}{long}|");
            last = bench.ask_in(client, transaction, T::Read, &path);
        }
        assert_eq!(last, if is_bound { "ENOSPC|" } else { "ENOENT|" });
        let transaction = bench.start(client);
        for number in 0..200 {
            let write = format!("/local/domain/1/a|{number}{long}");
            last = bench.ask_in(client, transaction, T::Write, &write);
        }
        assert_eq!(last, if is_bound { "ENOSPC|" } else { "OK|" });
        // What it kept before still counts.
        assert_eq!(
            bench.ask_in(client, transaction, T::TransactionEnd, "T|"),
            "OK|"
        );
    }
}

#[test]
fn what_belonged_to_a_domain_ends_with_it() {
    let mut bench = Bench::new();
    bench.ok(domain(1), T::Write, "a/b|1");
    bench.ok(DOM0, T::Write, "/shared|1");
    bench.ok(DOM0, T::SetPerms, "/shared|n0|b1|r2|");
    bench.ok(DOM0, T::Watch, "/local|t|");
    bench.take(DOM0);
    bench.send(DOM0, T::Release, 0, "1|");
    let expected = [
        ("XS_RELEASE", "OK|".to_owned()),
        event("/local/domain/1|t|"),
    ];
    assert_eq!(bench.take(DOM0), expected);
    assert_eq!(bench.ask(DOM0, T::Read, "/local/domain/1/a/b|"), "ENOENT|");
    assert_eq!(bench.ask(DOM0, T::GetPerms, "/shared|"), "n0|r2|");
    // Whoever has the number next has none of its rights.
    bench.ok(DOM0, T::Introduce, "1|1000|7|");
    assert_eq!(bench.ask(domain(1), T::Read, "/shared|"), "EACCES|");
    assert_eq!(bench.effects.let_go.len(), 1);
}

#[test]
fn a_target_lends_its_rights() {
    let mut bench = Bench::new();
    bench.ok(domain(1), T::Write, "a|1");
    assert_eq!(
        bench.ask(domain(2), T::Read, "/local/domain/1/a|"),
        "EACCES|"
    );
    bench.ok(DOM0, T::SetTarget, "2|1|");
    assert_eq!(bench.ask(domain(2), T::Read, "/local/domain/1/a|"), "1");
    bench.ok(domain(2), T::Write, "/local/domain/1/a|2");
    bench.ok(DOM0, T::Release, "1|");
    bench.ok(DOM0, T::Introduce, "1|1|7|");
    bench.ok(DOM0, T::Write, "/local/domain/1/a|3");
    bench.ok(DOM0, T::SetPerms, "/local/domain/1/a|n1|");
    assert_eq!(
        bench.ask(domain(2), T::Read, "/local/domain/1/a|"),
        "EACCES|"
    );
}

#[test]
fn watches_and_transactions_are_reset_together() {
    let mut bench = Bench::new();
    let client = domain(1);
    bench.ok(client, T::Watch, "a|t|");
    let transaction = bench.start(client);
    bench.ok(client, T::ResetWatches, "|");
    assert_eq!(
        bench.ask_in(client, transaction, T::TransactionEnd, "T|"),
        "ENOENT|"
    );
    assert_eq!(bench.ask(client, T::Unwatch, "a|t|"), "ENOENT|");
}
