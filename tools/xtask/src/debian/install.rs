//! Packages that this machine lacks.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

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

/// Installs what is missing; where it may not, it says what the user has to do.
pub(crate) fn install(needs: &[Need]) -> Result<()> {
    let missing: Vec<_> = needs
        .iter()
        .filter(|need| need.is_missing())
        .map(|need| need.package)
        .collect();
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
    progress::step(&format!("Installing {list}"), || {
        if apt_install(&missing).is_ok() {
            return Ok(());
        }
        update()?;
        if apt_install(&missing).is_ok() {
            return Ok(());
        }
        // apt's resolver refuses some sets whose members it can install one by one.
        missing
            .iter()
            .try_for_each(|package| apt_install(&[package]))
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
