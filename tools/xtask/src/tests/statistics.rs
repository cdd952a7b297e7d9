//! What the hypervisor says of itself by its own hypercall.

use anyhow::{Result, ensure};

use super::case::{Case, Report};

/// The version of the messages that the program speaks.
const VERSION: f64 = 1.0;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "statistics",
            "the hypervisor's own hypercall tells of the machine and of dom0",
        )
        .program("statistics")
        .commands("modprobe xen-privcmd; /ringwall/bin/statistics")
        .not_on_xen("the hypercall is ours")
        .check(told),
    ]
}

fn told(report: &Report<'_>) -> Result<()> {
    let version = report.number("version")?;
    ensure!(version >= VERSION, "the version is {version}");
    let (free, total) = (
        report.number("free_frames")?,
        report.number("total_frames")?,
    );
    let heap = report.number("heap_frames")?;
    let pages = report.number("pages")?;
    ensure!(
        free > 0.0 && heap > 0.0 && pages > 0.0 && free + heap + pages <= total,
        "of {total} frames {free} are free, {heap} the hypervisor's, {pages} dom0's"
    );
    let limit = report.number("max_pages")?;
    ensure!(pages <= limit, "dom0 has {pages} of {limit} frames");
    let (present, domain) = (report.number("present")?, report.number("domain")?);
    ensure!(
        present == 1.0 && domain == 0.0,
        "dom0 is not the first domain"
    );
    ensure!(report.number("vcpus")? == 1.0, "dom0 has one virtual CPU");
    ensure!(
        report.number("counted")? == 1.0,
        "the caller's own hypercall is not counted"
    );
    for name in ["memory_calls", "page_faults", "upcalls", "tables", "roots"] {
        ensure!(report.number(name)? > 0.0, "no {name}");
    }
    let counted = report.number("counted_pages")?;
    ensure!(
        (counted - pages).abs() < 200.0,
        "of {pages} frames of dom0's {counted} were counted"
    );
    let (ran, uptime) = (report.number("running_ns")?, report.number("uptime_ns")?);
    ensure!(
        0.0 < ran && 0.0 < uptime,
        "dom0 ran for {ran} ns of {uptime} ns"
    );
    Ok(())
}
