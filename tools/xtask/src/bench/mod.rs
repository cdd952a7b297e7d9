//! `cargo xtask bench`: what things cost, beside native Linux and Debian's Xen.

mod clock;
mod operations;
mod toolstack;

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::cli::{BenchArguments, BenchSubject, RunArguments};
use crate::initrd::Program;
use crate::paths;
use crate::qemu::{self, Watch};
use crate::run::Prepared;

/// Measures what is asked for; the result is the process's exit status.
pub(crate) fn run(arguments: &BenchArguments) -> Result<u8> {
    match arguments.subject {
        BenchSubject::Operations => operations::run(arguments),
        BenchSubject::Clock => clock::run(),
        BenchSubject::Toolstack => toolstack::run(),
    }
}

/// Boots, runs commands in dom0, and answers what they printed as `NAME=NUMBER`, in order.
fn boot(
    options: &RunArguments,
    commands: &str,
    programs: &[Program],
    limit: Duration,
) -> Result<Vec<(String, f64)>> {
    let mut prepared = Prepared::new(options)?;
    let marker = prepared.add_job(commands, programs)?;
    prepared.finish()?;
    let watch = Watch {
        output: &mut |_| Ok(()),
        enough: &|_| false,
        answers: &[],
    };
    let log = paths::last_log();
    let outcome = qemu::supervised(&prepared.boot, &log, &marker, limit, watch)?;
    ensure!(
        outcome.status == Some(0),
        "a boot failed; its log is {}",
        log.display()
    );
    let output = String::from_utf8_lossy(&outcome.output);
    let lines = output.lines().filter_map(|line| line.split_once('='));
    Ok(lines
        .filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?)))
        .collect())
}
