//! What users, guests and dom0 do wrong: one clear error each, nothing left behind, and no effect on others.

use std::fs;

use anyhow::Result;

use super::case::{Case, Report};
use crate::build;
use crate::initrd::{Extra, xen_tools};

/// Shared by all: `counted`, `expect`, `typed`.
const PRELUDE: &str = include_str!("prelude.sh");

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "faults/input",
            "each mistake of a user gets its status and one line, and leaves nothing",
            include_str!("input.sh"),
        )
        .limit_seconds(400),
        case(
            "faults/hostile",
            "guests scribble over rings, fill quotas, flood consoles and trespass; others go on",
            include_str!("hostile.sh"),
        )
        .files(hostile)
        .limit_seconds(500),
        case(
            "faults/ends",
            "guests write front ends wildly, reconnect, crash, panic, and ignore a shutdown",
            include_str!("ends.sh"),
        )
        .files(hostile)
        .limit_seconds(600),
        case(
            "faults/killed",
            "ringd is killed while domains work, are made and destroyed, and the next one goes on",
            include_str!("killed.sh"),
        )
        .files(hostile)
        .limit_seconds(600),
        case(
            "faults/clients",
            "Debian's clients of the store reach ringd at their default place",
            include_str!("clients.sh"),
        )
        .files(xen_tools::store_clients)
        .limit_seconds(200),
        case(
            "faults/soak",
            "a hundred lives of a domain leave nothing, and the hundredth domain is made beside 99",
            include_str!("soak.sh"),
        )
        .arguments(["--memory", "4G"])
        .check(figures)
        .limit_seconds(900)
        .long(),
    ]
}

/// A boot with the toolstack whose commands end with `all=passed`.
fn case(name: &'static str, about: &'static str, commands: &str) -> Case {
    Case::new(name, about)
        .toolstack()
        .tool("ringwall-control:ports")
        .commands(format!("{PRELUDE}{commands}").leak())
        .check(|report| report.has_line("all=passed"))
}

/// The guest that attacks.
fn hostile() -> Result<Vec<Extra>> {
    Ok(vec![Extra {
        path: "ringwall/bin/hostile-guest".to_owned(),
        permissions: 0o644,
        content: fs::read(build::guest("hostile")?)?,
    }])
}

/// It passed; its figures are for the reader, as they depend on what else the test's machine does.
fn figures(report: &Report<'_>) -> Result<()> {
    report.has_line("all=passed")?;
    let figures = [
        "lives",
        "create1",
        "create2",
        "create50",
        "create99",
        "create100",
    ];
    for name in figures.into_iter().chain(["list", "destroy_all"]) {
        println!("      {name}: {} s", report.number(name)?);
    }
    Ok(())
}
