//! The rules of the ABI: a small guest for each, `tests/guests/<rule>`, booted alone as dom0.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Tally, seconds};
use crate::build::{self, Verbosity};
use crate::cli::TestArguments;
use crate::debian;
use crate::paths;
use crate::qemu::{self, Boot, End, Hypervisor, Watch};

/// The group's name, and the package.
pub(super) const NAME: &str = "guests";
/// How long a guest may take.
const LIMIT: Duration = Duration::from_secs(20);
/// A machine with nothing that a guest does not need.
const MACHINE: [&str; 3] = ["-nodefaults", "-vga", "none"];
/// Firmware that starts in milliseconds, and has not what Xen asks of a BIOS.
const FIRMWARE: [&str; 2] = ["-bios", "qboot.rom"];
/// MiB of such a machine.
const MEMORY: u32 = 256;

/// What a guest said of its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Success,
    Skip(String),
    Error(String),
    Failure(String),
}

/// Whether a name on the command line means this group or one of its rules.
pub(super) fn is_named(name: &str) -> bool {
    rule(name).is_some() || name.trim_end_matches('/') == NAME
}

fn rule(name: &str) -> Option<&str> {
    let (group, rule) = name.split_once('/')?;
    (group == NAME && !rule.is_empty()).then_some(rule)
}

/// The rules, each with its group.
pub(super) fn names() -> Result<Vec<String>> {
    let names = build::guest_names(NAME)?;
    Ok(names.iter().map(|name| format!("{NAME}/{name}")).collect())
}

/// Boots the guests of the rules that were asked for, and prints a table.
pub(super) fn run(arguments: &TestArguments, tally: &mut Tally) -> Result<()> {
    let mut rules = build::guest_names(NAME)?;
    let asked: Vec<&str> = arguments
        .names
        .iter()
        .filter_map(|name| rule(name))
        .collect();
    let whole = arguments.names.is_empty()
        || arguments
            .names
            .iter()
            .any(|name| name.trim_end_matches('/') == NAME);
    rules.retain(|name| whole || asked.contains(&name.as_str()));
    let hypervisor = Hypervisor::Image(if arguments.xen {
        debian::xen()?
    } else {
        build::build(Verbosity::Quiet)?
    });
    let kernels = build::guest_rules()?;
    fs::create_dir_all(paths::output().join("tests"))?;
    for rule in &rules {
        let start = Instant::now();
        let machine = if arguments.xen {
            &[][..]
        } else {
            &FIRMWARE[..]
        };
        let verdict = boot(&hypervisor, machine, &kernels.join(rule), rule)?;
        match verdict {
            Verdict::Success => tally.passed += 1,
            Verdict::Skip(_) => tally.skipped += 1,
            Verdict::Error(_) | Verdict::Failure(_) => tally.failed += 1,
        }
        println!(
            "{verdict:8}{NAME}/{rule} ({}){}",
            seconds(start.elapsed()),
            verdict.text()
        );
    }
    Ok(())
}

fn boot(hypervisor: &Hypervisor, machine: &[&str], kernel: &Path, rule: &str) -> Result<Verdict> {
    let boot = Boot {
        kernel: Some(kernel.to_path_buf()),
        memory_mib: MEMORY,
        arguments: MACHINE.iter().chain(machine).map(Into::into).collect(),
        ..Boot::new(hypervisor.clone())
    };
    let log = paths::output()
        .join("tests")
        .join(format!("{NAME}-{rule}.log"));
    let has_verdict = |log: &str| log.lines().any(|line| line.starts_with("VERDICT "));
    let watch = Watch {
        output: &mut |_| Ok(()),
        enough: &|console| {
            let log = console.log();
            log.ends_with('\n') && has_verdict(&log)
        },
        answers: &[],
    };
    let outcome = qemu::supervised(&boot, &log, "@no commands", LIMIT, watch)
        .with_context(|| format!("{NAME}/{rule}"))?;
    Ok(judge(&outcome.log, rule, &outcome.end))
}

/// The verdict in the log. A guest that does not come to one has broken its rule, or the hypervisor.
fn judge(log: &str, rule: &str, end: &End) -> Verdict {
    let verdict = log.lines().find_map(|line| {
        let (name, rest) = line.strip_prefix("VERDICT ")?.split_once(' ')?;
        (name == rule).then_some(rest)
    });
    let Some(verdict) = verdict else {
        let last = log
            .lines()
            .rfind(|line| !line.is_empty())
            .unwrap_or_default();
        let panic = log.lines().find(|line| line.contains("panicked"));
        return Verdict::Failure(match end {
            End::TimedOut => format!("no verdict in {LIMIT:?}; the last line: {last}"),
            _ => format!("no verdict: {}", panic.unwrap_or(last)),
        });
    };
    let (kind, text) = verdict.split_once(' ').unwrap_or((verdict, ""));
    let text = text.trim().to_owned();
    match kind {
        "success" => Verdict::Success,
        "skip" => Verdict::Skip(text),
        "failure" => Verdict::Failure(text),
        "error" => Verdict::Error(text),
        _ => Verdict::Error(format!("{kind} is no verdict")),
    }
}

impl Verdict {
    fn text(&self) -> String {
        match self {
            Self::Success => String::new(),
            Self::Skip(text) | Self::Error(text) | Self::Failure(text) => format!(": {text}"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Success => "ok",
            Self::Skip(_) => "skip",
            Self::Error(_) => "ERROR",
            Self::Failure(_) => "FAIL",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_from_the_log() {
        let failure = |text: &str| Verdict::Failure(text.to_owned());
        for (log, verdict) in [
            ("x\nVERDICT a success \n", Verdict::Success),
            ("VERDICT a skip no AVX\n", Verdict::Skip("no AVX".into())),
            (
                "VERDICT a failure EINVAL, not 0\n",
                failure("EINVAL, not 0"),
            ),
            (
                "VERDICT a odd\n",
                Verdict::Error("odd is no verdict".into()),
            ),
            (
                "VERDICT b success\n",
                failure("no verdict: VERDICT b success"),
            ),
            (
                "panicked at x\n(RW) y\n",
                failure("no verdict: panicked at x"),
            ),
        ] {
            assert_eq!(judge(log, "a", &End::Stopped), verdict, "{log:?}");
        }
    }

    #[test]
    fn names_are_the_group_or_a_rule() {
        for (name, named) in [
            ("guests", true),
            ("guests/", true),
            ("guests/version", true),
            ("guest", false),
            ("boot/version", false),
        ] {
            assert_eq!(is_named(name), named, "{name}");
        }
    }
}
