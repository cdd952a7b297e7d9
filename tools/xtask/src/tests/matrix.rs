//! The same dom0 on other CPUs, machines and sizes.

use anyhow::{Result, ensure};

use super::case::{Case, Report};

/// Enough work to notice that something does not fit.
const WORK: &str = "set -e
modprobe ext4
seq 1 20000 | sort -n | md5sum >/dev/null
for number in $(seq 1 50); do (true); done
echo total_kib=$(awk '/MemTotal/ { print $2 }' /proc/meminfo)
echo cpus=$(grep -c ^processor /proc/cpuinfo)";

pub(super) fn cases() -> Vec<Case> {
    let cpus = ["qemu64", "Nehalem", "EPYC", "max"].map(|model| {
        let case = Case::new(
            format!("cpu/{model}"),
            format!("dom0 works on -cpu {model}"),
        )
        .arguments(["--cpu", model])
        .commands(WORK);
        match model {
            "EPYC" | "max" => case.not_on_xen("Xen 4.17 with this kernel does not start there"),
            _ => case,
        }
    });
    let machines = ["pc", "q35"].map(|machine| {
        Case::new(
            format!("machine/{machine}"),
            format!("dom0 works on -machine {machine}"),
        )
        .arguments(["--machine", machine])
        .commands(WORK)
    });
    let sizes = ["512M", "1G", "2G", "4G", "8G"].map(|size| {
        Case::new(format!("memory/{size}"), format!("dom0 has half of {size}"))
            .arguments(["--memory", size])
            .commands(WORK)
    });
    let sizes = sizes.into_iter().zip([
        (|report| has_memory(report, 256)) as fn(&Report<'_>) -> Result<()>,
        |report| has_memory(report, 512),
        |report| has_memory(report, 1024),
        |report| has_memory(report, 2048),
        |report| has_memory(report, 4096),
    ]);
    let sizes = sizes.map(|(case, check)| case.check(check));
    cpus.into_iter().chain(machines).chain(sizes).collect()
}

/// The kernel and its tables take at most 112 MiB and a tenth.
fn has_memory(report: &Report<'_>, mib: u32) -> Result<()> {
    let total = report.number("total_kib")? / 1024.0;
    let given = f64::from(mib);
    ensure!(
        (given * 0.9 - 112.0..=given).contains(&total),
        "dom0 has {total:.0} MiB of {given:.0} MiB"
    );
    Ok(())
}
