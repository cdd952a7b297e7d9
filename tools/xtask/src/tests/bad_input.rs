//! Boots that can't work: one clear line says why, and the machine does not hang silently.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::case::{Case, Report};
use crate::debian;
use crate::qemu::{Console, End};

pub(super) fn cases() -> Vec<Case> {
    vec![
        bad("no-module", "a boot without modules is refused")
            .arguments(["--no-modules"])
            .enough(|console| names(console, NO_MODULE))
            .check(|report| refused(report, NO_MODULE)),
        bad(
            "damaged-kernel",
            "a kernel that does not decompress is refused",
        )
        .prepare(damaged_kernel)
        .arguments(["--kernel", "{work}/kernel"])
        .enough(|console| names(console, DAMAGED))
        .check(|report| refused(report, DAMAGED)),
        bad("not-pv", "a kernel without Xen's notes is refused")
            .prepare(|work| copy(&debian::busybox()?, &work.join("kernel")))
            .arguments(["--kernel", "{work}/kernel"])
            .enough(|console| names(console, NO_NOTES))
            .check(|report| refused(report, NO_NOTES)),
        bad("cpu", "a CPU without what the hypervisor needs is refused")
            .arguments(["--cpu", "qemu64,-pat"])
            .enough(|console| names(console, CPU))
            .check(|report| refused(report, CPU))
            .not_on_xen("Xen takes the CPU"),
        bad(
            "malformed-option",
            "an option with a value that it can't have is named",
        )
        .arguments(["--append", "dom0_max_vcpus=many"])
        .enough(|console| names(console, VCPUS))
        .check(|report| named(report, VCPUS))
        .not_on_xen("Xen passes such options over in silence"),
        bad(
            "too-much-memory",
            "a dom0_mem beyond the machine's is named",
        )
        .arguments(["--append", "dom0_mem=64G,max:64G"])
        .enough(|console| console.began() || names(console, DOM0_MEM))
        .check(|report| named(report, DOM0_MEM))
        .not_on_xen("Xen gives what there is, and says nothing"),
        Case::new(
            "bad-input/unknown-option",
            "an unknown option is named once, and dom0 boots",
        )
        .arguments(["--append", "nosuchoption=1"])
        .check(named_once)
        .not_on_xen("Xen passes unknown options over in silence"),
        bad(
            "large-initrd",
            "an initrd that dom0's memory can't hold is refused",
        )
        .prepare(|work| Ok(File::create(work.join("initrd"))?.set_len(200 << 20)?))
        .arguments([
            "--initrd",
            "{work}/initrd",
            "--append",
            "dom0_mem=128M,max:128M",
        ])
        .enough(|console| names(console, INITRD))
        .check(|report| refused(report, INITRD)),
    ]
}

/// Words of which a line has to have one, in any case of letters: ours, then Xen's.
type Words = &'static [&'static str];

const NO_MODULE: Words = &["no module", "module", "dom0 kernel not specified"];
const DAMAGED: Words = &[
    "damaged",
    "decompress",
    "corrupt",
    "xz",
    "could not construct",
];
const NO_NOTES: Words = &["note", "could not construct"];
const CPU: Words = &["this cpu has no"];
const VCPUS: Words = &["dom0_max_vcpus"];
const DOM0_MEM: Words = &["dom0_mem"];
const INITRD: Words = &["initrd", "could not construct", "too small"];

fn bad(name: &str, about: &str) -> Case {
    Case::new(format!("bad-input/{name}"), about)
        .without_commands()
        .limit_seconds(40)
}

fn names(console: &Console, words: Words) -> bool {
    console
        .log()
        .lines()
        .any(|line| is_from_hypervisor(line) && has_one(line, words))
}

fn is_from_hypervisor(line: &str) -> bool {
    line.starts_with("(RW)") || line.starts_with("(XEN)")
}

fn has_one(line: &str, words: Words) -> bool {
    // The banner repeats the command line, which is no message about it.
    let line = line.to_lowercase();
    !line.contains("command line") && words.iter().any(|word| line.contains(word))
}

fn named(report: &Report<'_>, words: Words) -> Result<()> {
    let found = report.hypervisor_lines().any(|line| has_one(line, words));
    ensure!(found, "no line of the hypervisor has one of {words:?}");
    Ok(())
}

fn refused(report: &Report<'_>, words: Words) -> Result<()> {
    ensure!(!report.outcome.began, "dom0 came up");
    ensure!(report.outcome.end != End::TimedOut, "no clear line came");
    named(report, words)
}

fn named_once(report: &Report<'_>) -> Result<()> {
    report.succeeded()?;
    let lines = report
        .hypervisor_lines()
        .filter(|line| has_one(line, &["nosuchoption"]));
    let count = lines.count();
    ensure!(
        count == 1,
        "{count} lines of the hypervisor name the option"
    );
    Ok(())
}

/// Debian's kernel with a part of its payload overwritten.
fn damaged_kernel(work: &Path) -> Result<()> {
    let mut kernel = fs::read(debian::kernel()?.image)?;
    let middle = kernel.len() / 2;
    kernel
        .get_mut(middle..middle + 4096)
        .context("a small kernel")?
        .fill(0x5a);
    Ok(fs::write(work.join("kernel"), kernel)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)?;
    Ok(())
}
