//! `cargo xtask run`: everything from nothing to a dom0 shell.

use std::fs;
use std::io::{Write as _, stdout};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::cli::{HypervisorArguments, RunArguments};
use crate::initrd::{self, Extra, Job, Program};
use crate::qemu::{self, Boot, End, Hypervisor, Outcome, Watch};
use crate::{backtrace, build, debian, iso, paths};

/// Exit status when the time was up, as timeout(1) has it.
const TIMED_OUT: u8 = 124;
/// Exit status when the machine failed before the commands ended.
const MACHINE_FAILED: u8 = 125;
/// For `--exec` without `--timeout`.
const DEFAULT_LIMIT: Duration = Duration::from_secs(300);
/// For a terminal without `--timeout`: a year.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);
/// Lines of the log that an error shows.
const TAIL_LINES: usize = 20;

/// The commands of `--demo`.
pub(crate) const DEMO: &str = include_str!("demo.sh");

/// Runs the command; the result is the process's exit status.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8> {
    let mut prepared = Prepared::new(arguments)?;
    let log = paths::last_log();
    let limit = arguments.timeout.map(Duration::from_secs);
    let demo = arguments.demo.then_some(DEMO);
    let Some(commands) = demo.or(arguments.exec.as_deref()) else {
        prepared.finish()?;
        let ended = qemu::interactive(&prepared.boot, &log, limit.unwrap_or(NO_LIMIT))?;
        if let (Some(_), Some(kernel)) = (&arguments.guest, &prepared.boot.kernel) {
            let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
            for line in backtrace::named(&text, kernel)? {
                eprintln!("{line}");
            }
        }
        return Ok(if ended { 0 } else { report_timeout(&log) });
    };
    let marker = prepared.add_job(commands, &[])?;
    prepared.finish()?;
    let mut print = |bytes: &[u8]| {
        stdout().write_all(bytes)?;
        Ok(stdout().flush()?)
    };
    let watch = Watch {
        output: &mut print,
        enough: &|_| false,
        answers: &[],
    };
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let outcome = qemu::supervised(&prepared.boot, &log, &marker, limit, watch)?;
    Ok(report(&outcome, &log))
}

/// A boot with all its files in place.
pub(crate) struct Prepared {
    pub(crate) boot: Boot,
    from_disc: bool,
    /// Files of this boot alone.
    work: TempDir,
}

impl Prepared {
    /// Installs, fetches, builds and makes what the boot takes.
    pub(crate) fn new(arguments: &RunArguments) -> Result<Self> {
        debian::install(qemu::NEEDS)?;
        if arguments.iso {
            debian::install(iso::NEEDS)?;
        }
        let hypervisor = hypervisor(&arguments.hypervisor)?;
        let (kernel, initrd) = files(arguments)?;
        for file in kernel.iter().chain(&initrd) {
            fs::metadata(file).with_context(|| file.display().to_string())?;
        }
        fs::create_dir_all(paths::output())?;
        let work = tempfile::tempdir_in(paths::output())?;
        let boot = Boot {
            hypervisor,
            kernel,
            initrd,
            append: arguments.append.clone(),
            dom0_append: arguments.dom0_append.clone(),
            memory_mib: arguments.memory,
            cpus: arguments.cpus,
            cpu: arguments.cpu.clone(),
            machine: arguments.machine.clone(),
            iso: None,
            icount: arguments.icount,
            quiet: true,
            arguments: arguments.qemu.clone(),
        };
        let mut prepared = Self {
            boot,
            from_disc: arguments.iso,
            work,
        };
        if has_toolstack(arguments) {
            prepared.add_archive(&initrd::toolstack::make()?)?;
        }
        if arguments.xen_tools {
            prepared.add_archive(&fs::read(initrd::xen_tools::make()?)?)?;
        }
        let extras = arguments.put.iter().map(|put| extra(put));
        prepared.add_files(&extras.collect::<Result<Vec<_>>>()?)?;
        Ok(prepared)
    }

    /// Appends an archive to the initrd.
    fn add_archive(&mut self, archive: &[u8]) -> Result<()> {
        if let Some(initrd) = &self.boot.initrd {
            let longer = self.work.path().join("initrd-longer.gz");
            initrd::append(initrd, archive, &longer)?;
            self.boot.initrd = Some(longer);
        }
        Ok(())
    }

    /// Puts files into the initrd.
    pub(crate) fn add_files(&mut self, files: &[Extra]) -> Result<()> {
        if let (Some(initrd), false) = (&self.boot.initrd, files.is_empty()) {
            let with_files = self.work.path().join("initrd-files.gz");
            initrd::with_files(initrd, files, &with_files)?;
            self.boot.initrd = Some(with_files);
        }
        Ok(())
    }

    /// Puts commands into the initrd; returns the marker of their output.
    pub(crate) fn add_job(&mut self, commands: &str, programs: &[Program]) -> Result<String> {
        // The same commands make the same initrd, so that counted runs are the same too.
        let marker = format!("@ringwall:{:016x}", initrd::digest(&commands));
        if let Some(initrd) = &self.boot.initrd {
            let with_job = self.work.path().join("initrd.gz");
            initrd::with_job(
                initrd,
                &Job {
                    commands,
                    marker: &marker,
                    programs,
                },
                &with_job,
            )?;
            self.boot.initrd = Some(with_job);
        }
        Ok(marker)
    }

    /// The last step: puts all files onto a disc, if the boot is to be from one.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.from_disc {
            let disc = self.work.path().join("boot.iso");
            iso::make(&self.boot, &disc)?;
            self.boot.iso = Some(disc);
        }
        Ok(())
    }
}

/// Whether dom0 gets `ringd`: one of ours that runs on a hypervisor, without another toolstack.
fn has_toolstack(arguments: &RunArguments) -> bool {
    let ours = arguments.initrd.is_none() && arguments.guest.is_none();
    let other = arguments.bare || arguments.no_modules || arguments.xen_tools;
    ours && !other && !arguments.hypervisor.native
}

/// What `--put FILE[:PATH]` means.
fn extra(put: &str) -> Result<Extra> {
    let (file, path) = match put.split_once(':') {
        Some((file, path)) => (file, path.trim_start_matches('/').to_owned()),
        None => {
            let name = Path::new(put).file_name().unwrap_or_default();
            (put, format!("ringwall/bin/{}", name.to_string_lossy()))
        }
    };
    let permissions = fs::metadata(file).with_context(|| file.to_owned())?.mode() & 0o777;
    Ok(Extra {
        path,
        permissions,
        content: fs::read(file).with_context(|| file.to_owned())?,
    })
}

/// dom0's kernel and initrd.
fn files(arguments: &RunArguments) -> Result<(Option<PathBuf>, Option<PathBuf>)> {
    if let Some(guest) = &arguments.guest {
        return Ok((Some(build::guest(guest)?), None));
    }
    let (kernel, initrd) = (arguments.kernel.clone(), arguments.initrd.clone());
    if arguments.no_modules || (kernel.is_some() && initrd.is_some()) {
        return Ok((kernel, initrd));
    }
    let debian = debian::kernel()?;
    let initrd = initrd.map_or_else(|| initrd::make(&debian), Ok)?;
    Ok((Some(kernel.unwrap_or(debian.image)), Some(initrd)))
}

fn hypervisor(arguments: &HypervisorArguments) -> Result<Hypervisor> {
    Ok(match arguments {
        HypervisorArguments { native: true, .. } => Hypervisor::None,
        HypervisorArguments { xen: true, .. } => Hypervisor::Image(debian::xen()?),
        HypervisorArguments {
            hypervisor: Some(image),
            ..
        } => {
            fs::metadata(image).with_context(|| image.display().to_string())?;
            Hypervisor::Image(image.clone())
        }
        _ => Hypervisor::Image(build::build(build::Verbosity::Quiet)?),
    })
}

/// Says what went wrong, if anything; returns the exit status.
fn report(outcome: &Outcome, log: &Path) -> u8 {
    if let Some(status) = outcome.status {
        return status;
    }
    let (problem, status) = match &outcome.end {
        End::TimedOut => return report_timeout(log),
        End::Lost(line) => (format!("the machine is lost: {line}"), MACHINE_FAILED),
        End::Stopped | End::Enough if outcome.began => (
            "the machine stopped before the commands ended".into(),
            MACHINE_FAILED,
        ),
        End::Stopped | End::Enough => (
            "the machine stopped before dom0 was up".into(),
            MACHINE_FAILED,
        ),
    };
    eprintln!(
        "error: {problem}; the log is {}, its last lines:\n{}",
        log.display(),
        tail(log)
    );
    status
}

fn report_timeout(log: &Path) -> u8 {
    eprintln!(
        "error: the time is up; the log is {}, its last lines:\n{}",
        log.display(),
        tail(log)
    );
    TIMED_OUT
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).replace('\r', "");
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL_LINES);
    lines[first..]
        .iter()
        .map(|line| format!("    {line}\n"))
        .collect()
}
