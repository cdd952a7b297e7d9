//! dom0's memory: the balloon, and the machine's limits.

use anyhow::{Context, Result, ensure};

use super::case::{Case, Report};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "balloon",
            "dom0 gives memory back and takes it again; the hypervisor's free frames follow",
        )
        .program("frames")
        .commands(
            "modprobe xen-privcmd; cd /sys/devices/system/xen_memory/xen_memory0\n\
             full=$(cat info/current_kb)\n\
             balloon() { echo $1 > target_kb\n\
             for i in $(seq 100); do [ $(cat info/current_kb) = $1 ] && break; sleep 0.1; done; }\n\
             echo before=$(/ringwall/bin/frames)\n\
             balloon $((full - 102400)); echo down=$(/ringwall/bin/frames)\n\
             balloon $full; echo after=$(/ringwall/bin/frames)",
        )
        .check(follows),
        Case::new(
            "own-memory",
            "at 1 GiB the hypervisor keeps at most 24 MiB for itself",
        )
        .arguments(["--memory", "1G", "--append", "loglvl=info"])
        .check(keeps_little)
        .not_on_xen("Xen does not say"),
        Case::new(
            "two-vcpus",
            "dom0 has two virtual CPUs on one CPU, and both work",
        )
        .arguments(["--append", "dom0_max_vcpus=2"])
        .commands(
            "echo cpus=$(nproc)\n\
                 taskset 1 sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done' &\n\
                 taskset 2 sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done' &\n\
                 wait; echo both",
        )
        .check(|report| {
            ensure!(report.number("cpus")? == 2.0, "not two virtual CPUs");
            report.has_line("both")
        }),
        Case::new("memory/64G", "the most memory that the hypervisor uses")
            .arguments([
                "--memory",
                "64G",
                "--append",
                "dom0_mem=1G,max:1G",
                "--",
                "-object",
                "memory-backend-ram,id=ram,size=64G,reserve=off",
                "-machine",
                "memory-backend=ram",
            ])
            .long(),
    ]
}

fn keeps_little(report: &Report<'_>) -> Result<()> {
    let own = report.hypervisor_lines().find_map(|line| {
        let (before, _) = line.split_once(" KiB are the hypervisor's own")?;
        before.rsplit(' ').next()?.parse::<u64>().ok()
    });
    let own = own.context("the log does not say how much it keeps")?;
    ensure!(own <= 24 << 10, "it keeps {own} KiB");
    Ok(())
}

/// 100 MiB are 25 600 frames.
fn follows(report: &Report<'_>) -> Result<()> {
    const FRAMES: f64 = 25_600.0;
    let [before, down, after] =
        ["before", "down", "after"].map(|name| report.number(name).unwrap_or(-1.0));
    ensure!(
        down - before == FRAMES && after == before,
        "free frames: {before} before, {down} below, {after} after"
    );
    Ok(())
}
