//! The verdicts of both hypervisors, side by side.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::verdict::Verdict;
use crate::paths;

/// A rule's verdict, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    rule: String,
    verdict: Verdict,
    milliseconds: u128,
}

impl Row {
    pub(super) fn new(rule: String, verdict: Verdict, elapsed: Duration) -> Self {
        Self {
            rule,
            verdict,
            milliseconds: elapsed.as_millis(),
        }
    }

    pub(super) const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The line that is printed as soon as the verdict is there.
    pub(super) fn progress(&self, group: &str, on_xen: bool) -> String {
        let word = match (&self.verdict, self.verdict.is_bad(on_xen)) {
            (Verdict::Error(_), _) => "ERROR",
            (_, true) => "FAIL",
            (Verdict::Success, _) => "ok",
            (other, _) => other.word(),
        };
        let text = match self.verdict.text() {
            "" => String::new(),
            text => format!(": {text}"),
        };
        format!("{word:8}{group}/{} ({}){text}", self.rule, self.time())
    }

    fn time(&self) -> String {
        format!(
            "{}.{:02} s",
            self.milliseconds / 1000,
            self.milliseconds / 10 % 100
        )
    }

    /// One line of a file: four fields, separated by tabs.
    fn to_line(&self) -> String {
        let text = self.verdict.text().replace(['\t', '\n'], " ");
        let word = self.verdict.word();
        format!("{}\t{word}\t{}\t{text}\n", self.rule, self.milliseconds)
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.splitn(4, '\t');
        let (rule, word) = (fields.next()?, fields.next()?);
        let milliseconds = fields.next()?.parse().ok()?;
        Some(Self {
            rule: rule.to_owned(),
            verdict: Verdict::new(word, fields.next()?)?,
            milliseconds,
        })
    }
}

/// The verdicts of this run, and beside them the last ones of the other hypervisor.
pub(super) struct Table {
    on_xen: bool,
    rows: BTreeMap<String, Row>,
    others: BTreeMap<String, Row>,
}

impl Table {
    /// A table without rows of its own, with those that the other hypervisor's last runs left.
    pub(super) fn load(on_xen: bool) -> Self {
        Self {
            on_xen,
            rows: BTreeMap::new(),
            others: read(!on_xen),
        }
    }

    pub(super) fn set(&mut self, row: Row) {
        self.rows.insert(row.rule.clone(), row);
    }

    /// Keeps the verdicts for the next table of the other hypervisor.
    pub(super) fn store(&self) -> Result<()> {
        let mut all = read(self.on_xen);
        all.extend(self.rows.clone());
        let text: String = all.values().map(Row::to_line).collect();
        let file = file(self.on_xen);
        fs::write(&file, text).with_context(|| file.display().to_string())
    }
}

impl fmt::Display for Table {
    /// `| rule | Ringwall | time | Xen | time |`, then what the verdicts say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.keys().map(String::len).max().unwrap_or(0).max(4);
        writeln!(
            f,
            "\n| {:width$} | Ringwall | time    | Xen      | time    |",
            "rule"
        )?;
        writeln!(
            f,
            "|-{:-<width$}-|----------|--------:|----------|--------:|",
            ""
        )?;
        for (rule, own) in &self.rows {
            let other = self.others.get(rule);
            let (ringwall, xen) = match self.on_xen {
                false => (Some(own), other),
                true => (other, Some(own)),
            };
            write!(f, "| {rule:width$} |")?;
            for row in [ringwall, xen] {
                let (word, time) =
                    row.map_or(("", String::new()), |row| (row.verdict.word(), row.time()));
                write!(f, " {word:8} | {time:>7} |")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn file(on_xen: bool) -> PathBuf {
    let name = if on_xen { "xen" } else { "ringwall" };
    paths::output()
        .join("tests")
        .join(format!("guests-{name}.tsv"))
}

/// What earlier runs left. A line that is none is passed over.
fn read(on_xen: bool) -> BTreeMap<String, Row> {
    let text = fs::read_to_string(file(on_xen)).unwrap_or_default();
    let rows = text.lines().filter_map(Row::from_line);
    rows.map(|row| (row.rule.clone(), row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rule: &str, verdict: Verdict) -> Row {
        Row::new(rule.into(), verdict, Duration::from_millis(1234))
    }

    #[test]
    fn lines_come_back_as_they_went() {
        for verdict in [
            Verdict::Success,
            Verdict::Skip("no AVX".into()),
            Verdict::Differs("a, b".into()),
        ] {
            let row = row("a", verdict);
            assert_eq!(
                Row::from_line(row.to_line().trim_end_matches('\n')),
                Some(row)
            );
        }
        assert_eq!(Row::from_line("a\tsuccess"), None);
    }

    #[test]
    fn both_hypervisors_have_their_columns() {
        let table = |on_xen| Table {
            on_xen,
            rows: [("a".into(), row("a", Verdict::Success))].into(),
            others: [("a".into(), row("a", Verdict::Differs("x".into())))].into(),
        };
        let own = table(false).to_string();
        assert!(
            own.contains("| a    | success  |  1.23 s | differs  |  1.23 s |"),
            "{own}"
        );
        let xen = table(true).to_string();
        assert!(
            xen.contains("| a    | differs  |  1.23 s | success  |  1.23 s |"),
            "{xen}"
        );
    }

    #[test]
    fn progress_shows_what_must_not_be() {
        let differs = row("a", Verdict::Differs("x".into()));
        assert_eq!(
            differs.progress("guests", true),
            "differs guests/a (1.23 s): x"
        );
        assert_eq!(
            differs.progress("guests", false),
            "FAIL    guests/a (1.23 s): x"
        );
    }
}
