//! dom0 comes up, knows where it is, and goes down again.

use anyhow::{Result, ensure};

use super::case::{Case, Report};
use crate::qemu::{Console, End};

/// What a kernel writes when something is wrong with it, or with what it runs on.
const COMPLAINTS: [&str; 8] = [
    "WARNING: CPU",
    "BUG:",
    "Oops",
    "Call Trace",
    "soft lockup",
    "rcu_sched detected",
    "segfault",
    "general protection",
];
/// What our hypervisor's lines have when something is wrong.
const HYPERVISOR_COMPLAINTS: [&str; 3] = ["warning", "error", "panic"];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "poweroff",
            "dom0 runs a command and switches the machine off",
        ),
        Case::new(
            "shell",
            "the console has a shell that can be typed at; exit switches off",
        )
        .without_commands()
        .answer("# ", "echo $((6 * 7)) there\n")
        .answer("42 there", "")
        .answer("# ", "exit\n")
        .check(answered),
        Case::new("reboot", "reboot resets the machine, which boots again")
            .commands("reboot -f; sleep 60")
            .arguments(["--", "-action", "reboot=reset"])
            .enough(began_twice)
            .check(rebooted),
        Case::new(
            "clean-log",
            "neither kernel nor hypervisor has anything to complain of",
        )
        .check(clean),
        Case::new(
            "identity",
            "Linux knows that it runs on Xen's ABI, version 4.17, as PV dom0",
        )
        .commands(
            "cat /sys/hypervisor/type\n\
                 echo $(cat /sys/hypervisor/version/major).$(cat /sys/hypervisor/version/minor)\n\
                 cat /sys/hypervisor/guest_type",
        )
        .check(|report| {
            ["xen", "4.17", "PV"]
                .iter()
                .try_for_each(|line| report.has_line(line))
        }),
        Case::new("control", "/proc/xen/capabilities has control_d")
            .commands("cat /proc/xen/capabilities")
            .check(|report| report.has_line("control_d")),
        Case::new(
            "xen-modules",
            "the modules of Xen's devices and backends load",
        )
        .commands(
            "set -e\n\
                 for module in xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback \
                 xen-netback; do modprobe $module; done\n\
                 ls /dev/xen/evtchn /dev/xen/gntdev /dev/xen/gntalloc /dev/xen/privcmd",
        ),
        Case::new("avx", "vector registers are kept across context switches")
            .program("vectors")
            .arguments(["--cpu", "max"])
            .commands("/ringwall/bin/vectors 8 2000")
            .check(|report| report.has_line("kept"))
            .not_on_xen("Xen 4.17 with this kernel does not start there"),
        Case::new("sse", "the same without AVX")
            .program("vectors")
            .arguments(["--cpu", "qemu64"])
            .commands("/ringwall/bin/vectors 8 2000")
            .check(|report| report.has_line("kept")),
        Case::new("iso", "the same image boots through GRUB, by multiboot 2").arguments(["--iso"]),
    ]
}

fn answered(report: &Report<'_>) -> Result<()> {
    ensure!(
        report.outcome.end == End::Stopped,
        "the machine ended by {:?}",
        report.outcome.end
    );
    let line = report.outcome.log.lines().any(|line| line == "42 there");
    ensure!(line, "the shell did not answer");
    Ok(())
}

fn began_twice(console: &Console) -> bool {
    console.log().matches(":begin\n").count() >= 2
}

fn rebooted(report: &Report<'_>) -> Result<()> {
    ensure!(
        report.outcome.end == End::Enough,
        "no second boot: {:?}",
        report.outcome.end
    );
    Ok(())
}

fn clean(report: &Report<'_>) -> Result<()> {
    report.succeeded()?;
    for line in report.outcome.log.lines() {
        let kernel = COMPLAINTS.iter().any(|complaint| line.contains(complaint));
        let lower = line.to_lowercase();
        let hypervisor = line.starts_with("(RW)")
            && HYPERVISOR_COMPLAINTS
                .iter()
                .any(|complaint| lower.contains(complaint));
        ensure!(!kernel && !hypervisor, "the log has: {line}");
    }
    Ok(())
}
