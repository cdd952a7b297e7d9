//! A test that boots: what to boot, what to do there, and what must come of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use super::{program, workers};
use crate::build;
use crate::cli::{RunArguments, TestArguments};
use crate::initrd::Extra;
use crate::paths;
use crate::qemu::{self, Answer, Console, End, Outcome, Watch};
use crate::run::Prepared;

/// Whether a test runs without being asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Short,
    /// By `--long` or by name.
    Long,
}

/// A test.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) length: Length,
    /// Whether other boots would disturb what it measures.
    pub(super) alone: bool,
    /// Why it can't run on Xen, if so.
    pub(super) not_on_xen: Option<&'static str>,
    /// As on the command line of `cargo xtask run`; `{work}` is a directory of the test's own.
    arguments: Vec<String>,
    /// Added to Xen's command line.
    xen_append: &'static str,
    programs: Vec<&'static str>,
    tools: Vec<&'static str>,
    has_toolstack: bool,
    files: fn() -> Result<Vec<Extra>>,
    prepare: fn(&Path) -> Result<()>,
    commands: Option<&'static str>,
    answers: Vec<Answer>,
    enough: fn(&Console) -> bool,
    check: fn(&Report<'_>) -> Result<()>,
    limit: Duration,
}

/// What came of a test's boot.
pub(super) struct Report<'a> {
    pub(super) outcome: Outcome,
    /// The commands' output.
    pub(super) output: String,
    /// What was in `{work}`.
    pub(super) work: &'a Path,
    /// How the hypervisor's lines start.
    pub(super) prefix: &'static str,
    pub(super) on_xen: bool,
    /// Whether what was measured is to be recorded as what is expected.
    pub(super) bless: bool,
}

/// The command line of a boot, for clap.
#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    arguments: RunArguments,
}

impl Case {
    /// A test of a plain boot that runs `true` and expects the machine to switch itself off.
    pub(super) fn new(name: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            about: about.into(),
            length: Length::Short,
            alone: false,
            not_on_xen: None,
            arguments: Vec::new(),
            xen_append: "",
            programs: Vec::new(),
            tools: Vec::new(),
            has_toolstack: false,
            files: || Ok(Vec::new()),
            prepare: |_| Ok(()),
            commands: Some("true"),
            answers: Vec::new(),
            enough: |_| false,
            check: |report| report.succeeded(),
            limit: Duration::from_secs(120),
        }
    }

    pub(super) fn arguments<T: Into<String>>(
        mut self,
        arguments: impl IntoIterator<Item = T>,
    ) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Adds to Xen's command line, where ours needs nothing.
    pub(super) fn xen_append(mut self, options: &'static str) -> Self {
        self.xen_append = options;
        self
    }

    pub(super) fn commands(mut self, commands: &'static str) -> Self {
        self.commands = Some(commands);
        self
    }

    /// Leaves the shell, or whatever the boot ends at, on the console.
    pub(super) fn without_commands(mut self) -> Self {
        self.commands = None;
        self
    }

    /// Types `text` when `prompt` has come.
    pub(super) fn answer(mut self, prompt: &'static str, text: &'static str) -> Self {
        self.answers.push(Answer { prompt, text });
        self
    }

    /// A program of `tests/programs` that the commands call.
    pub(super) fn program(mut self, name: &'static str) -> Self {
        self.programs.push(name);
        self
    }

    /// A program of the workspace that the commands call, as `build::tools` names it.
    pub(super) fn tool(mut self, tool: &'static str) -> Self {
        self.tools.push(tool);
        self
    }

    /// Files for dom0's initrd.
    pub(super) fn files(mut self, files: fn() -> Result<Vec<Extra>>) -> Self {
        self.files = files;
        self
    }

    /// With `ringd` running in dom0.
    pub(super) fn toolstack(mut self) -> Self {
        self.has_toolstack = true;
        self
    }

    pub(super) fn prepare(mut self, prepare: fn(&Path) -> Result<()>) -> Self {
        self.prepare = prepare;
        self
    }

    pub(super) fn enough(mut self, enough: fn(&Console) -> bool) -> Self {
        self.enough = enough;
        self
    }

    pub(super) fn check(mut self, check: fn(&Report<'_>) -> Result<()>) -> Self {
        self.check = check;
        self
    }

    pub(super) fn limit_seconds(mut self, seconds: u64) -> Self {
        self.limit = Duration::from_secs(seconds);
        self
    }

    pub(super) fn long(mut self) -> Self {
        self.length = Length::Long;
        self
    }

    /// Runs while no other test does.
    pub(super) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    pub(super) fn not_on_xen(mut self, reason: &'static str) -> Self {
        self.not_on_xen = Some(reason);
        self
    }

    /// Whether a name on the command line means this test: its name, or the part before `/`.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let group = self.name.split_once('/').map(|(group, _)| group);
        self.name == name || group == Some(name.trim_end_matches('/'))
    }

    /// Where the serial output goes.
    pub(super) fn log(&self) -> PathBuf {
        paths::output()
            .join("tests")
            .join(format!("{}.log", self.name.replace('/', "-")))
    }

    /// Boots and checks.
    pub(super) fn run(&self, arguments: &TestArguments) -> Result<()> {
        let on_xen = arguments.xen;
        let log = self.log();
        let making = workers::making();
        fs::create_dir_all(paths::output().join("tests"))?;
        let work = tempfile::tempdir_in(paths::output())?;
        (self.prepare)(work.path()).context("the test can't be prepared")?;
        let mut prepared = self.prepared(work.path(), arguments)?;
        let mut programs = program::build(&self.programs)?;
        programs.extend(build::tools(&self.tools)?);
        prepared.add_files(&(self.files)()?)?;
        let marker = match self.commands {
            Some(commands) => prepared.add_job(commands, &programs)?,
            None => "@no commands".to_owned(),
        };
        prepared.finish()?;
        drop(making);
        let watch = Watch {
            output: &mut |_| Ok(()),
            enough: &self.enough,
            answers: &self.answers,
        };
        let outcome = qemu::supervised(&prepared.boot, &log, &marker, self.limit, watch)?;
        let report = Report {
            output: String::from_utf8_lossy(&outcome.output).into_owned(),
            outcome,
            work: work.path(),
            prefix: if on_xen { "(XEN)" } else { "(RW)" },
            on_xen,
            bless: arguments.bless,
        };
        (self.check)(&report)
    }

    fn prepared(&self, work: &Path, arguments: &TestArguments) -> Result<Prepared> {
        let work = work.display().to_string();
        let image = arguments
            .hypervisor
            .as_ref()
            .map(|image| image.display().to_string());
        let oracle: &[&str] = match (arguments.xen, self.xen_append, &image) {
            (false, _, None) => &[],
            (false, _, Some(image)) => &["--hypervisor", image],
            (true, "", _) => &["--xen"],
            (true, options, _) => &["--xen", "--append", options],
        };
        let own = self
            .arguments
            .iter()
            .map(|argument| argument.replace("{work}", &work));
        let line = ["run"]
            .iter()
            .chain(oracle)
            .chain((!self.has_toolstack).then_some(&"--bare"))
            .map(|word| (*word).to_owned())
            .chain(own);
        Prepared::new(&CommandLine::try_parse_from(line)?.arguments)
    }
}

impl Report<'_> {
    /// The commands ended with status 0, and then the machine switched itself off.
    pub(super) fn succeeded(&self) -> Result<()> {
        match (&self.outcome.end, self.outcome.status) {
            (End::Stopped, Some(0)) => Ok(()),
            (End::Lost(line), _) => bail!("the machine was lost: {line}"),
            (End::TimedOut, None) => bail!("it took longer than {:?}", self.outcome.elapsed),
            (End::TimedOut, Some(_)) => bail!("the machine did not switch itself off"),
            (_, None) => bail!("the machine stopped before the commands ended"),
            (_, Some(status)) => {
                bail!(
                    "the commands ended with {status}: {}",
                    self.output.trim_end()
                )
            }
        }
    }

    /// It succeeded, and the output has this line.
    pub(super) fn has_line(&self, line: &str) -> Result<()> {
        self.succeeded()?;
        ensure!(
            self.output.lines().any(|other| other == line),
            "expected the line {line:?} in: {}",
            self.output.trim_end()
        );
        Ok(())
    }

    /// The number that the output has after `name=`.
    pub(super) fn number(&self, name: &str) -> Result<f64> {
        self.succeeded()?;
        let mut lines = self.output.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines
            .find(|(key, _)| *key == name)
            .with_context(|| format!("no {name}= in output"))?;
        value
            .trim()
            .parse()
            .with_context(|| format!("{name}={value}"))
    }

    /// The hypervisor's lines.
    pub(super) fn hypervisor_lines(&self) -> impl Iterator<Item = &str> {
        self.outcome
            .log
            .lines()
            .filter(|line| line.starts_with(self.prefix))
    }
}
