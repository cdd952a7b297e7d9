//! The SDK's examples, each booted alone as dom0: `domU-sdk/examples`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::case::{Case, Report};
use crate::build;
use crate::qemu::Console;

/// The group's name.
pub(super) const NAME: &str = "sdk";
/// The largest `hello` that is accepted, in bytes.
const HELLO_LIMIT: u64 = 200 << 10;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "hello",
            "a guest of some lines starts, prints and has a heap",
            |work| {
                let size = prepare(work, "hello")?;
                ensure!(size < HELLO_LIMIT, "hello has {size} bytes");
                Ok(())
            },
        )
        .enough(|console| has_line(console, "My heap holds [1, 4, 9, 16, 25, 36, 49, 64]."))
        .check(|report| {
            lines(
                report,
                &["Hello from a guest of Xen's ABI 4.17!", "My heap holds ["],
            )
        }),
        case("clock", "the clock, sleep and timers", |work| {
            prepare(work, "clock").map(|_| ())
        })
        .check(clock),
        case("echo", "the console is read by events", |work| {
            prepare(work, "echo").map(|_| ())
        })
        .answer("ECHO ready", "good day\r")
        .answer("ECHO good day", "\r")
        .check(|report| lines(report, &["ECHO good day", "ECHO END"])),
        case(
            "memory",
            "heap, mappings, faults, balloon and grants",
            |work| prepare(work, "memory").map(|_| ()),
        )
        .check(|report| {
            let expected = [
                "MEMORY a window shows Ok(42)",
                "MEMORY beside it: exception 14, error code 0x0",
                "MEMORY unmapped: exception 14, error code 0x0",
                "MEMORY the page holds Some(42)",
                "MEMORY the balloon took 64 pages and gave 64 back",
                "MEMORY copied from a grant: 7",
                "MEMORY written by a mapping: 9",
                "MEMORY in use: true",
                "MEMORY revoked: true",
                "MEMORY END",
            ];
            lines(report, &expected)
        }),
        case(
            "vcpus",
            "work on several virtual CPUs, and signals between them",
            |work| prepare(work, "vcpus").map(|_| ()),
        )
        .arguments(with(&["--append", "dom0_max_vcpus=4"]))
        .check(|report| {
            let expected = [
                "VCPUS there are 4",
                "VCPUS round 1: total 600",
                "VCPUS round 2: total 1200",
                "VCPUS one too many: vcpu_op: there is no such thing (ENOENT)",
                "VCPUS END",
            ];
            lines(report, &expected)
        }),
        case(
            "user",
            "code in user mode calls, faults and is interrupted",
            |work| prepare(work, "user").map(|_| ()),
        )
        .check(|report| {
            let expected = [
                "USER SystemCall with 42",
                "USER Trap { vector: 14, error_code: 6, address: 4096 }",
                "USER SystemCall, wrote Some(99)",
                "USER time is up",
                "USER END",
            ];
            lines(report, &expected)
        }),
        case(
            "faults",
            "each exception comes to its handler, and can be passed over",
            |work| prepare(work, "faults").map(|_| ()),
        )
        // QEMU's TCG has neither the exception of the stack (12) nor SSE's (19).
        .check(|report| {
            let expected = [
                "FAULT Divide: exception 0, error code 0x0",
                "FAULT Int3: exception 3, error code 0x0",
                "FAULT Ud2: exception 6, error code 0x0",
                "FAULT Fpu: exception 7, error code 0x0",
                "FAULT GeneralAddress: exception 13, error code 0x0",
                "FAULT Selector: exception 13, error code 0xfff8",
                "FAULT Float: exception 16, error code 0x0",
                "FAULT soft interrupt 0x80",
                "FAULT a load from nowhere: exception 14, error code 0x0, at 0x1000",
                "FAULTS END",
            ];
            lines(report, &expected)
        }),
        case(
            "embassy",
            "an executor that was not written for Xen runs on the SDK",
            |work| prepare(work, "embassy").map(|_| ()),
        )
        .check(|report| lines(report, &["EMBASSY OK", "EMBASSY END"])),
        case("bench", "what things cost is measured", |work| {
            prepare(work, "bench").map(|_| ())
        })
        .arguments(with(&["--icount"]))
        .check(|report| {
            lines(report, &["BENCH END"])?;
            let log = &report.outcome.log;
            let measured = log.lines().filter(|line| line.ends_with(" ns")).count();
            ensure!(measured >= 15, "{measured} things were measured");
            Ok(())
        }),
    ]
}

/// A boot of one guest, which ends with its line `END`.
fn case(name: &str, about: &str, prepare: fn(&Path) -> Result<()>) -> Case {
    Case::new(format!("sdk/{name}"), about)
        .prepare(prepare)
        .arguments(with(&[]))
        .without_commands()
        .enough(|console| console.log().lines().any(|line| line.ends_with(" END")))
        .limit_seconds(60)
}

/// The arguments of each boot, and some more.
fn with(further: &[&'static str]) -> Vec<&'static str> {
    let own = [
        "--no-modules",
        "--kernel",
        "{work}/kernel",
        "--memory",
        "256",
    ];
    own.iter().chain(further).copied().collect()
}

/// Builds a guest; its size in bytes.
fn prepare(work: &Path, guest: &str) -> Result<u64> {
    Ok(fs::copy(build::guest(guest)?, work.join("kernel"))?)
}

fn has_line(console: &Console, line: &str) -> bool {
    console.log().lines().any(|other| other == line)
}

/// The log has lines that start so, in this order, and no panic.
fn lines(report: &Report<'_>, expected: &[&str]) -> Result<()> {
    in_order(&report.outcome.log, expected)
}

fn in_order(log: &str, expected: &[&str]) -> Result<()> {
    let panic = log.lines().find(|line| line.contains("panicked"));
    ensure!(panic.is_none(), "{}", panic.unwrap_or_default());
    let mut rest = log.lines();
    for start in expected {
        ensure!(
            rest.any(|line| line.starts_with(start)),
            "no line starts with {start:?}, or not where it should"
        );
    }
    Ok(())
}

fn clock(report: &Report<'_>) -> Result<()> {
    let order = [
        "CLOCK timer 1 is number 1",
        "CLOCK timer 2 is number 2",
        "CLOCK timer 3 is number 3",
        "CLOCK END",
    ];
    lines(report, &order)?;
    lines(report, &["CLOCK cancelled: true"])?;
    let log = &report.outcome.log;
    for (start, least) in [("CLOCK slept ", 20), ("CLOCK after ", 150)] {
        let line = log.lines().find_map(|line| line.strip_prefix(start));
        let number = line.and_then(|line| line.split_whitespace().next());
        let number: u64 = number.context(start)?.parse()?;
        // Above, the machine that runs the test may be busy.
        ensure!(number >= least, "{start}{number} ms, less than {least}");
    }
    let year_2020 = 1_577_836_800;
    let wall = log
        .lines()
        .find_map(|line| line.strip_prefix("CLOCK wall clock: "));
    let wall = wall.and_then(|line| line.split_whitespace().next());
    let wall: u64 = wall.context("no wall clock")?.parse()?;
    ensure!(wall > year_2020, "the wall clock says {wall}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_must_come_in_their_order_and_without_a_panic() {
        for (log, good) in [
            ("a 1\nx\nb\n", true),
            ("b\na\n", false),
            ("a\n", false),
            ("a\nb\nguest panicked at x\n", false),
        ] {
            assert_eq!(in_order(log, &["a", "b"]).is_ok(), good, "{log:?}");
        }
    }
}
