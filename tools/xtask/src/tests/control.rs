//! The library by which dom0's programs reach the hypervisor.

use anyhow::{Result, ensure};

use super::case::{Case, Report};

const MODULES: &str = "modprobe -a xen-privcmd xen-evtchn xen-gntdev && /ringwall/bin/probe";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "library",
            "the tools' library calls the hypervisor, and events come and go",
        )
        .tool("ringwall-control:probe")
        .commands(MODULES)
        .check(reached),
    ]
}

fn reached(report: &Report<'_>) -> Result<()> {
    let ringwall = report.number("ringwall")?;
    ensure!(
        ringwall == f64::from(u8::from(!report.on_xen)),
        "which hypervisor it is was mistaken"
    );
    for name in [
        "connected",
        "begun",
        "delivered",
        "masked",
        "kept",
        "closed",
        "virq",
    ] {
        ensure!(report.number(name)? == 1.0, "events are not {name}");
    }
    ensure!(report.number("console_bytes")? > 0.0, "no console");
    Ok(())
}
