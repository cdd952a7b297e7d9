//! Minutes of what strains a hypervisor's accounts, which must balance afterwards.

use anyhow::{Result, ensure};

use super::case::{Case, Report};

pub(super) fn cases() -> Vec<Case> {
    let load = |name: &str, commands| {
        Case::new(
            name,
            "forks, page faults and signals leave the number of free frames as it was",
        )
        .program("strain")
        .program("frames")
        .commands(commands)
        .check(balanced)
    };
    vec![
        load(
            "load",
            "modprobe xen-privcmd; /ringwall/bin/strain 2; \
             echo before=$(/ringwall/bin/frames); /ringwall/bin/strain 15; \
             echo after=$(/ringwall/bin/frames)",
        ),
        load(
            "ten-minutes",
            "modprobe xen-privcmd; /ringwall/bin/strain 2; \
             echo before=$(/ringwall/bin/frames); /ringwall/bin/strain 600; \
             echo after=$(/ringwall/bin/frames)",
        )
        .limit_seconds(900)
        .long(),
    ]
}

fn balanced(report: &Report<'_>) -> Result<()> {
    let (before, after) = (report.number("before")?, report.number("after")?);
    ensure!(before > 0.0, "the number of free frames is not known");
    ensure!(
        before == after,
        "{before} frames were free before, {after} after"
    );
    Ok(())
}
