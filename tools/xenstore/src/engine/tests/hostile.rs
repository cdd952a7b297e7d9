//! Domains that mean harm.

use proptest::prelude::*;
use ringwall_abi::io::xs_wire::MessageType as T;

use super::{Bench, DOM0, domain};

/// What a domain keeps to itself, and what others try with it.
#[test]
fn nobody_reads_or_changes_anothers_nodes() {
    let mut bench = Bench::new();
    let (owner, other) = (domain(1), domain(2));
    bench.ok(owner, T::Write, "secret|1");
    bench.ok(other, T::Watch, "/local/domain/1|t|");
    bench.ok(other, T::Watch, "/local/domain/1/secret|t|");
    bench.ok(other, T::Watch, "/|t|");
    bench.take(other);
    const SECRET: &str = "/local/domain/1/secret";
    for (kind, payload) in [
        (T::Read, format!("{SECRET}|")),
        (T::Directory, "/local/domain/1|".into()),
        (T::Directory, "/local/domain|".into()),
        (T::Directory, "/|".into()),
        (T::DirectoryPart, "/local/domain/1|0|".into()),
        (T::GetPerms, format!("{SECRET}|")),
        (T::Write, format!("{SECRET}|2")),
        (T::Write, "/local/domain/1/new|2".into()),
        (T::Write, "/local/domain/9/new|2".into()),
        (T::Mkdir, format!("{SECRET}/below|")),
        (T::Rm, format!("{SECRET}|")),
        (T::Rm, "/local/domain/1|".into()),
        (T::Rm, "/local|".into()),
        (T::SetPerms, format!("{SECRET}|b2|")),
        (T::SetPerms, "/local/domain/1|b2|".into()),
        // Whether a node is there is a secret too.
        (T::Read, "/local/domain/1/missing|".into()),
        (T::Rm, "/local/domain/1/missing|".into()),
        (T::Introduce, "5|1|7|".into()),
        (T::Release, "1|".into()),
        (T::Resume, "1|".into()),
        (T::SetTarget, "2|1|".into()),
        (T::Control, "check|".into()),
    ] {
        assert_eq!(
            bench.ask(other, kind, &payload),
            "EACCES|",
            "{kind} {payload}"
        );
    }
    assert_eq!(
        bench.ask(other, T::SetPerms, "/local/domain/2|b1|"),
        "EPERM|"
    );
    bench.ok(owner, T::Write, "secret|3");
    bench.ok(owner, T::Rm, "secret|");
    assert!(bench.take(other).is_empty(), "its watches saw something");
}

#[test]
fn paths_lead_nowhere_else() {
    let mut bench = Bench::new();
    bench.ok(domain(1), T::Write, "secret|1");
    for path in [
        "../1/secret",
        "/local/domain/2/../1/secret",
        "//local/domain/1/secret",
        "/local/domain/1/secret/",
        "/local/domain/1//secret",
        "./secret",
        "",
        " ",
        "/local/domain/1/secret\u{7f}",
        "@releaseDomain",
    ] {
        for kind in [T::Read, T::Directory, T::Rm, T::Mkdir] {
            assert_eq!(
                bench.ask(domain(2), kind, &format!("{path}|")),
                "EINVAL|",
                "{kind} {path}"
            );
        }
        assert_eq!(
            bench.ask(domain(2), T::Write, &format!("{path}|x")),
            "EINVAL|",
            "{path}"
        );
    }
}

#[test]
fn a_domain_that_takes_nothing_costs_bounded_memory() {
    let mut bench = Bench::new();
    let lazy = domain(1);
    bench.ok(lazy, T::Watch, "|t|".replacen('|', "a|", 1).as_str());
    bench.ok(lazy, T::Watch, "b|t|");
    bench.take(lazy);
    for round in 0..3 {
        for number in 0..3000 {
            let path = format!("/local/domain/1/a/{round}-{number}|");
            bench.ok(DOM0, T::Write, &format!("{path}x"));
            bench.ok(DOM0, T::Rm, &path);
        }
    }
    bench.ok(DOM0, T::Write, "/local/domain/1/b|x");
    let events = bench.take(lazy);
    assert!(events.len() <= 1026, "{} events wait", events.len());
    // What was left out is there in short.
    assert!(events.contains(&("XS_WATCH_EVENT", "a|t|".into())));
    assert!(events.contains(&("XS_WATCH_EVENT", "b|t|".into())));
}

#[test]
fn an_event_that_is_too_long_names_the_watch() {
    let mut bench = Bench::new();
    let token = "t".repeat(2000);
    bench.ok(DOM0, T::Watch, &format!("/a|{token}|"));
    bench.take(DOM0);
    let long = format!("/a/{}|", "x".repeat(3000));
    bench.send(DOM0, T::Write, 0, &format!("{long}1"));
    let answers = bench.take(DOM0);
    assert_eq!(answers[1], ("XS_WATCH_EVENT", format!("/a|{token}|")));
}

proptest! {
    /// Whatever comes is answered by one message, and the control domain's nodes stay.
    #[test]
    fn any_message_has_an_answer(
        messages in proptest::collection::vec(
            (0..26_u32, 0..3_u32, proptest::collection::vec(prop_oneof![
                Just(0_u8), Just(b'/'), Just(b'a'), Just(b'@'), Just(b'.'), Just(b'1'), Just(b'n'), any::<u8>(),
            ], 0..24)),
            1..40,
        ),
    ) {
        let mut bench = Bench::new();
        bench.ok(DOM0, T::Write, "/mine|1");
        let client = domain(1);
        for (kind, transaction, payload) in messages {
            bench.take(client);
            bench.send_raw(client, kind, transaction, &payload);
            let answers = bench.take(client);
            let replies = answers.iter().filter(|(kind, _)| *kind != "XS_WATCH_EVENT").count();
            prop_assert_eq!(replies, 1);
        }
        prop_assert_eq!(bench.ask(DOM0, T::Read, "/mine|"), "1");
        prop_assert_eq!(bench.ask(DOM0, T::Control, "check|"), "OK|");
    }
}
