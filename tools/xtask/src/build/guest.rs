//! Test guests: PV kernels of a few lines, from `tests/guests`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{TARGET, Toolchain};
use crate::{paths, progress, shell};

/// What the compiler is told for a guest: it runs where it is linked, in the uppermost 2 GiB.
const RUSTFLAGS: [&str; 6] = [
    "-Crelocation-model=static",
    "-Ccode-model=kernel",
    "-Clink-arg=--no-pie",
    "-Clink-arg=-zmax-page-size=4096",
    "-Cforce-unwind-tables=no",
    // A boot that loads less is sooner over.
    "-Cstrip=symbols",
];

/// Builds the guest of this package; returns the kernel, an ELF64 with Xen's notes.
pub(crate) fn build(package: &str) -> Result<PathBuf> {
    let toolchain = Toolchain::choose()?;
    let directory = paths::target().join("guests").join(toolchain.name());
    let script = paths::root().join("tests/guests/guest.ld");
    let mut flags: Vec<String> = RUSTFLAGS.map(str::to_owned).into();
    flags.push(format!("-Clink-arg=-T{}", script.display()));
    flags.extend(toolchain.linker_flags());
    let mut cargo = toolchain.cargo("build");
    cargo
        .args(["--quiet", "--profile", "hypervisor", "--package", package])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&directory)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    progress::step(&format!("Building {package}"), || shell::quiet(&mut cargo))
        .with_context(|| format!("{package} does not build"))?;
    let kernel = directory.join(TARGET).join("hypervisor").join(package);
    fs::metadata(&kernel).with_context(|| kernel.display().to_string())?;
    Ok(kernel)
}
