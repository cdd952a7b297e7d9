//! What the hypervisor's paths cost, in instructions: `tests/budgets.toml` and `tests/guests/paths`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use toml_edit::{DocumentMut, Item, TableLike};

use super::case::{Case, Report};
use crate::qemu::{self, Boot, Console, Hypervisor, Watch};
use crate::{build, debian, paths};

/// The guest's first line and its last.
const BEGIN: &str = "PATHS BEGIN";
const END: &str = "PATHS END";
/// The guest's package.
const GUEST: &str = "paths-guest";
/// What Xen does against leaks of the processor, and we do not.
const XEN_OPTIONS: &str = "spec-ctrl=no xpti=no";
/// For one boot.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "paths",
            "each path takes the instructions that it may, and did",
        )
        .prepare(|work| {
            fs::copy(build::guest_package(GUEST)?, work.join("kernel"))?;
            Ok(())
        })
        .arguments(["--icount", "--no-modules", "--kernel", "{work}/kernel"])
        .xen_append(XEN_OPTIONS)
        .without_commands()
        .enough(|console| ended(console, END))
        .limit_seconds(LIMIT.as_secs())
        .check(check),
    ]
}

fn ended(console: &Console, line: &str) -> bool {
    console.log().lines().any(|other| other.starts_with(line))
}

fn check(report: &Report<'_>) -> Result<()> {
    let costs = Costs::parse(&report.outcome.log)?;
    if report.on_xen {
        print!("{}", costs.lines());
        return Ok(());
    }
    let mut budgets = Budgets::read()?;
    let mut problems = budgets.exceeded(&costs)?;
    if report.bless {
        budgets.record(&costs)?;
        budgets.write()?;
    } else {
        problems.extend(budgets.moved(&costs)?);
    }
    ensure!(problems.is_empty(), "\n{}", problems.join("\n"));
    Ok(())
}

/// Prints what paths cost on both hypervisors, and how long each takes to start a kernel.
pub(crate) fn compare() -> Result<()> {
    let kernel = build::guest_package(GUEST)?;
    let xen = Hypervisor::Image(debian::xen()?);
    let own = Hypervisor::Image(build::build(build::Verbosity::Quiet)?);
    let counted = |hypervisor: &Hypervisor| {
        let outcome = boot(hypervisor, &kernel, true, |console| ended(console, END))?;
        Costs::parse(&outcome.log)
    };
    let (xen_costs, own_costs) = (counted(&xen)?, counted(&own)?);
    println!(
        "\n{:28}{:>10}{:>10}{:>8}",
        "instructions", "Xen", "Ringwall", "ratio"
    );
    for (name, xen) in &xen_costs.0 {
        let own = own_costs.of(name)?;
        println!("{name:28}{xen:10}{own:10}{:8.2}", own as f64 / *xen as f64);
    }
    let timed = |hypervisor: &Hypervisor| {
        let outcome = boot(hypervisor, &kernel, false, |console| ended(console, BEGIN))?;
        Ok::<_, anyhow::Error>(outcome.elapsed.as_secs_f64())
    };
    let (xen, own) = (timed(&xen)?, timed(&own)?);
    println!(
        "QEMU's start to dom0's first line, s {xen:.2}      {own:.2}{:8.2}",
        own / xen
    );
    Ok(())
}

fn boot(
    hypervisor: &Hypervisor,
    kernel: &Path,
    icount: bool,
    enough: fn(&Console) -> bool,
) -> Result<qemu::Outcome> {
    let is_xen = *hypervisor == Hypervisor::Image(debian::xen()?);
    let boot = Boot {
        kernel: Some(kernel.to_path_buf()),
        append: if is_xen {
            XEN_OPTIONS.to_owned()
        } else {
            String::new()
        },
        icount,
        ..Boot::new(hypervisor.clone())
    };
    let watch = Watch {
        output: &mut |_| Ok(()),
        enough: &enough,
        answers: &[],
    };
    qemu::supervised(&boot, &paths::last_log(), "@no commands", LIMIT, watch)
}

/// What the guest counted, by path, in its order.
#[derive(Debug, PartialEq, Eq)]
struct Costs(Vec<(String, i64)>);

impl Costs {
    /// From lines `PATH name count`.
    fn parse(log: &str) -> Result<Self> {
        ensure!(
            log.lines().any(|line| line == END),
            "the guest did not come to its end"
        );
        let mut costs = Vec::new();
        for line in log.lines().filter_map(|line| line.strip_prefix("PATH ")) {
            let (name, count) = line.split_once(' ').context("a path without a number")?;
            let count = count.parse().ok().with_context(|| line.to_owned())?;
            costs.push((name.to_owned(), count));
        }
        Ok(Self(costs))
    }

    fn of(&self, path: &str) -> Result<i64> {
        let found = self.0.iter().find(|(name, _)| name == path);
        found
            .map(|(_, count)| *count)
            .with_context(|| format!("the guest did not measure {path}"))
    }

    fn lines(&self) -> String {
        self.0
            .iter()
            .fold(String::new(), |mut text, (name, count)| {
                let _ = writeln!(text, "      {name:28}{count:10}");
                text
            })
    }
}

/// The file.
struct Budgets(DocumentMut);

impl Budgets {
    fn file() -> PathBuf {
        paths::root().join("tests/budgets.toml")
    }

    fn read() -> Result<Self> {
        let file = Self::file();
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Self::parse(&text).with_context(|| file.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        Ok(Self(text.parse()?))
    }

    fn write(&self) -> Result<()> {
        Ok(fs::write(Self::file(), self.0.to_string())?)
    }

    /// The paths, by name.
    fn paths(&self) -> Result<Vec<(&str, &dyn TableLike)>> {
        let paths = self.0.get("paths").and_then(Item::as_table_like);
        let paths = paths.context("no table [paths]")?.iter();
        paths
            .map(|(name, path)| Ok((name, path.as_table_like().with_context(|| name.to_owned())?)))
            .collect()
    }

    /// What is above its budget, and what has none.
    fn exceeded(&self, costs: &Costs) -> Result<Vec<String>> {
        let paths = self.paths()?;
        let mut problems = Vec::new();
        for (name, _) in &costs.0 {
            if !paths.iter().any(|(other, _)| other == name) {
                problems.push(format!("{name} has no budget"));
            }
        }
        for (name, path) in paths {
            let (cost, budget) = (costs.of(name)?, number(path, "budget")?);
            if cost > budget {
                problems.push(format!("{name} takes {cost}, its budget is {budget}"));
            }
        }
        Ok(problems)
    }

    /// What is no longer as it was recorded.
    fn moved(&self, costs: &Costs) -> Result<Vec<String>> {
        let tolerance = self.0.get("tolerance_percent").and_then(Item::as_integer);
        let tolerance = tolerance.context("no tolerance_percent")?;
        let mut problems = Vec::new();
        for (name, path) in self.paths()? {
            let (cost, count) = (costs.of(name)?, number(path, "count")?);
            if (cost - count).abs() * 100 > count * tolerance {
                problems.push(format!(
                    "{name} takes {cost}, {count} were recorded: if that is meant, \
                     `cargo xtask test paths --bless`"
                ));
            }
        }
        Ok(problems)
    }

    /// Takes the counts over, where they differ by any instruction.
    fn record(&mut self, costs: &Costs) -> Result<()> {
        for (name, cost) in &costs.0 {
            let Some(count) = self.0["paths"]
                .get_mut(name)
                .and_then(|path| path.get_mut("count"))
            else {
                bail!("{name} has no line with a count");
            };
            let old = count.as_value_mut().context("count")?;
            let decor = old.decor().clone();
            *old = (*cost).into();
            *old.decor_mut() = decor;
        }
        Ok(())
    }
}

fn number(path: &dyn TableLike, key: &str) -> Result<i64> {
    path.get(key)
        .and_then(Item::as_integer)
        .with_context(|| format!("no number {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "tolerance_percent = 3\n\n[paths]\n\
                        a = { budget = 200, count = 100 } # why\n";

    fn costs(text: &str) -> Costs {
        Costs::parse(&format!("{text}\nPATHS END\n")).unwrap()
    }

    #[test]
    fn counts_are_held_to_budget_and_record() {
        for (measured, above, moved) in [
            ("PATH a 100", 0, 0),
            ("PATH a 103", 0, 0),
            ("PATH a 104", 0, 1),
            ("PATH a 96", 0, 1),
            ("PATH a 201", 1, 1),
            ("PATH a 100\nPATH b 1", 1, 0),
        ] {
            let budgets = Budgets::parse(FILE).unwrap();
            let costs = costs(measured);
            assert_eq!(budgets.exceeded(&costs).unwrap().len(), above, "{measured}");
            assert_eq!(budgets.moved(&costs).unwrap().len(), moved, "{measured}");
        }
    }

    #[test]
    fn a_path_that_was_not_measured_is_an_error() {
        let budgets = Budgets::parse(FILE).unwrap();
        assert!(budgets.exceeded(&costs("")).is_err());
        assert!(Costs::parse("PATH a 100\n").is_err());
        assert!(Costs::parse("PATH a refused -38\nPATHS END\n").is_err());
    }

    #[test]
    fn blessing_changes_the_counts_alone() {
        let mut budgets = Budgets::parse(FILE).unwrap();
        budgets.record(&costs("PATH a 90")).unwrap();
        assert_eq!(budgets.0.to_string(), FILE.replace("100 }", "90 }"));
    }
}
