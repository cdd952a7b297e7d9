//! `cargo xtask ci`: everything that a change must pass.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build::{self, TARGET, Toolchain};
use crate::cli::TestArguments;
use crate::{paths, shell, tests, tidy};

/// Packages that build for the freestanding target only.
const FREESTANDING: [&str; 12] = [
    "--package",
    "ringwall",
    "--package",
    "ringwall-hw",
    "--package",
    "ringwall-sdk",
    "--package",
    "ringwall-sdk-examples",
    "--package",
    "guests",
    "--package",
    "paths-guest",
];

/// Runs all checks up to the first that fails; the result is the process's exit status.
pub(crate) fn run() -> Result<u8> {
    step("formatting", host("fmt").args(["--all", "--check"]))?;
    // The freestanding packages too: here for the host, below for their own target.
    let lints = [
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ];
    step("lints", host("clippy").args(lints))?;
    let mut documentation = host("doc");
    documentation.args([
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    step(
        "documentation",
        documentation.env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    freestanding_lints()?;
    if tidy::run()? != 0 {
        bail!("the repository is not tidy");
    }
    tests::run(&TestArguments::default())
}

/// The lints of the hypervisor itself, where this toolchain has clippy for its target.
fn freestanding_lints() -> Result<()> {
    let toolchain = Toolchain::choose()?;
    if toolchain == Toolchain::Debian {
        println!("clippy for {TARGET} needs rustup's target: the compiler's own lints are used");
        let mut check = build::freestanding(toolchain, "check");
        return step("the hypervisor's warnings", check.args(FREESTANDING));
    }
    let mut clippy = build::freestanding(toolchain, "clippy");
    clippy.args(FREESTANDING).args(["--", "--deny", "warnings"]);
    step("the hypervisor's lints", &mut clippy)
}

fn host(subcommand: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(paths::root()).arg(subcommand);
    cargo
}

fn step(what: &str, command: &mut Command) -> Result<()> {
    println!("{what} ...");
    shell::inherit(command).with_context(|| format!("{what}: not clean"))
}
