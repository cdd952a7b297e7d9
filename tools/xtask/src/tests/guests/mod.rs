//! The rules of the ABI: a small guest for each, `tests/guests/<rule>`, booted alone as dom0.

mod table;
mod verdict;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Tally, workers};
use crate::build::{self, Verbosity};
use crate::cli::TestArguments;
use crate::debian;
use crate::paths;
use crate::qemu::{self, Boot, Hypervisor, Watch};
use table::{Row, Table};
use verdict::{Verdict, is_over};

/// The group's name, and the package.
const NAME: &str = "guests";
/// How long a guest may take.
const LIMIT: Duration = Duration::from_secs(20);
/// A machine with nothing that a guest does not need.
const MACHINE: [&str; 3] = ["-nodefaults", "-vga", "none"];
/// A firmware that starts in milliseconds. Xen needs another one: it calls the BIOS.
const FIRMWARE: [&str; 2] = ["-bios", "qboot.rom"];
/// MiB of such a machine.
const MEMORY: u32 = 256;

/// Whether a name on the command line means this group, or some of its rules: `guests`,
/// `guests/RULE`, `guests/START*`.
pub(super) fn is_named(name: &str) -> bool {
    pattern(name).is_some()
}

/// The rules that a name on the command line means, if it is this group's.
fn pattern(name: &str) -> Option<&str> {
    match name.split_once('/') {
        None if name == NAME => Some("*"),
        Some((NAME, "")) => Some("*"),
        Some((NAME, rule)) => Some(rule),
        _ => None,
    }
}

/// Whether a rule is meant: by its name, or by the start of it and `*`.
fn matches(pattern: &str, rule: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => rule.starts_with(start),
        None => rule == pattern,
    }
}

/// The rules, each with its group.
pub(super) fn names() -> Result<Vec<String>> {
    let names = build::guest_names(NAME)?;
    Ok(names.iter().map(|name| format!("{NAME}/{name}")).collect())
}

/// Boots the guests of the rules that were asked for, all where nothing was, and prints a table.
pub(super) fn run(arguments: &TestArguments, tally: &mut Tally) -> Result<()> {
    let rules = chosen(build::guest_names(NAME)?, &arguments.names)?;
    debian::install(qemu::NEEDS)?;
    let hypervisor = Hypervisor::Image(match &arguments.hypervisor {
        Some(image) => image.clone(),
        None if arguments.xen => debian::xen()?,
        None => build::build(Verbosity::Quiet)?,
    });
    let kernels = build::guest_rules()?;
    let needs = build::guest_needs()?;
    fs::create_dir_all(paths::output().join("tests"))?;
    let mut table = Table::load(arguments.xen);
    let rows = workers::each(workers::number(arguments), &rules, |rule| -> Result<Row> {
        let start = Instant::now();
        let needs = needs.get(rule).cloned().unwrap_or_default();
        let machine = Boot {
            kernel: Some(kernels.join(rule)),
            memory_mib: MEMORY,
            cpu: needs.cpu,
            append: needs.options,
            arguments: qemu_arguments(arguments.xen),
            ..Boot::new(hypervisor.clone())
        };
        let row = Row::new(rule.clone(), boot(&machine, rule)?, start.elapsed());
        println!("{}", row.progress(NAME, arguments.xen));
        Ok(row)
    });
    for row in rows {
        let row = row?;
        match row.verdict() {
            verdict if verdict.is_bad(arguments.xen) => tally.failed += 1,
            Verdict::Skip(_) => tally.skipped += 1,
            _ => tally.passed += 1,
        }
        table.set(row);
    }
    table.store()?;
    print!("{table}");
    Ok(())
}

/// The rules that are meant by the names on the command line.
fn chosen(mut rules: Vec<String>, names: &[String]) -> Result<Vec<String>> {
    let patterns: Vec<&str> = names.iter().filter_map(|name| pattern(name)).collect();
    for pattern in &patterns {
        if !rules.iter().any(|rule| matches(pattern, rule)) {
            bail!("no rule is named {pattern}; cargo xtask test --list names them");
        }
    }
    rules.retain(|rule| {
        patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, rule))
    });
    Ok(rules)
}

fn qemu_arguments(on_xen: bool) -> Vec<OsString> {
    let firmware: &[&str] = if on_xen { &[] } else { &FIRMWARE };
    MACHINE.iter().chain(firmware).map(Into::into).collect()
}

fn boot(machine: &Boot, rule: &str) -> Result<Verdict> {
    let watch = Watch {
        output: &mut |_| Ok(()),
        enough: &|console| is_over(&console.log()),
        answers: &[],
    };
    let outcome = qemu::supervised(machine, &log(rule), "@no commands", LIMIT, watch)
        .with_context(|| format!("{NAME}/{rule}"))?;
    Ok(verdict::judge(&outcome.log, rule, &outcome.end, LIMIT))
}

/// Where a rule's serial output goes.
fn log(rule: &str) -> PathBuf {
    paths::output()
        .join("tests")
        .join(format!("{NAME}-{rule}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_group_or_rules() {
        for (name, named) in [
            ("guests", true),
            ("guests/", true),
            ("guests/version", true),
            ("guests/trap_*", true),
            ("guest", false),
            ("boot/version", false),
        ] {
            assert_eq!(is_named(name), named, "{name}");
        }
    }

    #[test]
    fn rules_are_chosen_by_name_or_start() {
        let choose = |names: &[&str]| {
            let rules = ["iret_user", "trap_debug", "trap_debug_user"].map(String::from);
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            chosen(rules.into(), &names).ok().map(|rules| rules.len())
        };
        for (names, count) in [
            (&[][..], Some(3)),
            (&["guests"], Some(3)),
            (&["guests/trap_*"], Some(2)),
            (&["guests/trap_debug"], Some(1)),
            (&["guests/trap_debug", "guests/iret*"], Some(2)),
            (&["host", "guests/iret*"], Some(1)),
            (&["guests/none"], None),
        ] {
            assert_eq!(choose(names), count, "{names:?}");
        }
    }
}
