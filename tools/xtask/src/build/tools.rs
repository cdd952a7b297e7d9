//! Programs of the workspace for dom0: static, as its initrd has no libraries.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::initrd::Program;
use crate::{paths, progress, shell};

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// At a fixed address: an emulator translates the program once then, and not for each process anew.
const RUSTFLAGS: [&str; 3] = [
    "-Ctarget-feature=+crt-static",
    "-Crelocation-model=static",
    "-Cstrip=symbols",
];

/// Builds programs, optimised and static. Each is named by its package, whose program has the same name, or as
/// `PACKAGE:EXAMPLE`.
pub(crate) fn build(tools: &[&str]) -> Result<Vec<Program>> {
    if tools.is_empty() {
        return Ok(Vec::new());
    }
    let directory = paths::target().join("tools");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(paths::root())
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS.join("\x1f"))
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .arg("--target-dir")
        .arg(&directory);
    let mut files = Vec::new();
    let built = directory.join(TARGET).join("release");
    for tool in tools {
        let (name, file) = match tool.split_once(':') {
            Some((package, example)) => {
                cargo.args(["--package", package, "--example", example]);
                (example, built.join("examples").join(example))
            }
            None => {
                cargo.args(["--package", tool, "--bin", tool]);
                (*tool, built.join(tool))
            }
        };
        files.push((name, file));
    }
    progress::step("Building the programs of dom0", || shell::quiet(&mut cargo))
        .context("the programs of dom0 do not build")?;
    files
        .into_iter()
        .map(|(name, file)| {
            Ok(Program {
                name: name.to_owned(),
                content: fs::read(&file).with_context(|| file.display().to_string())?,
            })
        })
        .collect()
}
