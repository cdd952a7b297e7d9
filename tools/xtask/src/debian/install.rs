//! Packages that this machine lacks.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{progress, shell};

/// A package, and how to tell that it is there.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    package: &'static str,
    sign: Sign,
}

#[derive(Clone, Copy)]
enum Sign {
    File(&'static str),
    Program(&'static str),
    /// A program whose `--version` says this or more.
    Version(&'static str, (u32, u32)),
    Package,
}

impl Need {
    /// Needed unless the file exists.
    pub(crate) const fn file(package: &'static str, file: &'static str) -> Self {
        Self {
            package,
            sign: Sign::File(file),
        }
    }

    /// Needed unless the program is found.
    pub(crate) const fn program(package: &'static str, program: &'static str) -> Self {
        Self {
            package,
            sign: Sign::Program(program),
        }
    }

    /// Needed unless the program says that its version is this or a later one.
    pub(crate) const fn version(
        package: &'static str,
        program: &'static str,
        least: (u32, u32),
    ) -> Self {
        Self {
            package,
            sign: Sign::Version(program, least),
        }
    }

    /// Needed unless dpkg says that the package is installed.
    pub(crate) const fn package(package: &'static str) -> Self {
        Self {
            package,
            sign: Sign::Package,
        }
    }

    fn is_missing(&self) -> bool {
        match self.sign {
            Sign::File(file) => !Path::new(file).exists(),
            Sign::Program(program) => shell::find(program).is_none(),
            Sign::Version(program, least) => {
                let text = shell::output(Command::new(program).arg("--version"));
                text.ok().and_then(|text| version(&text)) < Some(least)
            }
            Sign::Package => {
                let status = shell::output(Command::new("dpkg-query").args([
                    "--show",
                    "--showformat=${db:Status-Status}",
                    self.package,
                ]));
                status.map_or(true, |status| status != "installed")
            }
        }
    }
}

/// The first word of a program's answer that starts like a version: `rustc 1.95.0 (59807616e ...)`.
fn version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

/// The packages of the needs that are not met.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    let missing = needs.iter().filter(|need| need.is_missing());
    missing.map(|need| need.package).collect()
}

/// Installs what is missing; where it may not, it says what the user has to do.
pub(crate) fn install(needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if shell::find("apt-get").is_none() {
        bail!("missing here, by Debian's package names: {list}. Install them and try again");
    }
    if !is_root()? {
        bail!("missing packages: {list}. Install them by\n    sudo apt-get install {list}");
    }
    let attempt = || {
        apt_install(&missing)?;
        let left = self::missing(needs);
        ensure!(
            left.is_empty(),
            "what apt installs is too old: {}. Are the lists of Debian's security updates in \
             /etc/apt?",
            left.join(" ")
        );
        Ok(())
    };
    progress::step(&format!("Installing {list}"), || {
        if attempt().is_ok() {
            return Ok(());
        }
        // Package lists that are missing or old name what is not there, or not new enough.
        update()?;
        if attempt().is_ok() {
            return Ok(());
        }
        // apt's resolver refuses some sets whose members it can install one by one.
        missing
            .iter()
            .try_for_each(|package| apt_install(&[package]))?;
        attempt()
    })
    .with_context(|| format!("can't install {list}"))
}

/// Fetches the package lists anew.
pub(super) fn update() -> Result<()> {
    shell::output(Command::new("apt-get").args(["--quiet", "update"])).map(drop)
}

fn apt_install(packages: &[&str]) -> Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    shell::output(&mut apt).map(drop)
}

fn is_root() -> Result<bool> {
    Ok(shell::output(Command::new("id").arg("--user"))?.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, expected) in [
            ("rustc 1.95.0 (59807616e 2026-03-21)", Some((1, 95))),
            ("cargo 1.85.0 (d73d2caf9 2024-12-31)", Some((1, 85))),
            ("rustc", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
