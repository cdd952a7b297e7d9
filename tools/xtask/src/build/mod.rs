//! The hypervisor's image: compiled, linked, and turned into what boot loaders load.

mod guest;
mod image;
mod symbols;
mod toolchain;
mod tools;

use std::fs;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{paths, progress, shell};
pub(crate) use guest::{
    build as guest, names as guest_names, needs as guest_needs, package as guest_package,
    rules as guest_rules,
};
pub(crate) use toolchain::Toolchain;
pub(crate) use tools::build as tools;

/// What the compiler is told for the hypervisor's own target.
pub(crate) const RUSTFLAGS: [&str; 7] = [
    "-Crelocation-model=pic",
    "-Ccode-model=small",
    "-Clink-arg=--no-pie",
    "-Clink-arg=-zmax-page-size=4096",
    "-Cforce-frame-pointers=yes",
    "-Ctarget-cpu=x86-64",
    "-Cforce-unwind-tables=no",
];
/// The freestanding target.
pub(crate) const TARGET: &str = "x86_64-unknown-none";
/// The largest image that is accepted, in bytes.
const IMAGE_LIMIT: usize = 2 << 20;

/// How much cargo says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// As usual.
    Normal,
    /// Errors and warnings alone.
    Quiet,
}

/// Builds `ringwall` (the ELF32 image) and `ringwall.debug` (the linked ELF64); returns the image.
pub(crate) fn build(verbosity: Verbosity) -> Result<PathBuf> {
    let linked = compile(verbosity)?;
    let bytes = fs::read(&linked).with_context(|| linked.display().to_string())?;
    let converted = image::convert(&bytes)?;
    if converted.bytes.len() > IMAGE_LIMIT {
        bail!(
            "the image has {} KiB; the limit is {} KiB",
            converted.bytes.len() >> 10,
            IMAGE_LIMIT >> 10
        );
    }
    let output = paths::output();
    fs::create_dir_all(&output)?;
    let image = output.join("ringwall");
    for (file, bytes) in [
        (output.join("ringwall.debug"), &bytes),
        (image.clone(), &converted.bytes),
    ] {
        // A machine may be about to load what is there.
        if fs::read(&file).ok().as_ref() != Some(bytes) {
            fs::write(file, bytes)?;
        }
    }
    if verbosity == Verbosity::Normal {
        println!(
            "{}: {} KiB, {} KiB of it symbols",
            image.display(),
            converted.bytes.len().div_ceil(1024),
            converted.symbols_size.div_ceil(1024)
        );
    }
    Ok(image)
}

fn compile(verbosity: Verbosity) -> Result<PathBuf> {
    let toolchain = Toolchain::choose()?;
    let mut cargo = freestanding(toolchain, "build");
    cargo.args(["--package", "ringwall", "--profile", "hypervisor"]);
    match verbosity {
        Verbosity::Normal => shell::inherit(&mut cargo),
        Verbosity::Quiet => progress::step("Building Ringwall", || {
            let color = if std::io::stderr().is_terminal() {
                "always"
            } else {
                "auto"
            };
            shell::quiet(cargo.args(["--quiet", "--color", color]))
        }),
    }
    .context("the hypervisor does not build")?;
    Ok(directory(toolchain)
        .join(TARGET)
        .join("hypervisor")
        .join("ringwall"))
}

/// `cargo SUBCOMMAND` for the hypervisor's target.
pub(crate) fn freestanding(toolchain: Toolchain, subcommand: &str) -> Command {
    let mut cargo = toolchain.cargo(subcommand);
    cargo
        .args(["--target", TARGET, "--target-dir"])
        .arg(directory(toolchain));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain).join("\x1f"));
    cargo
}

/// Where cargo keeps what the toolchain built: of no use to cargo's other builds.
fn directory(toolchain: Toolchain) -> PathBuf {
    paths::target().join("hypervisor").join(toolchain.name())
}

fn flags(toolchain: Toolchain) -> Vec<String> {
    let script = paths::root().join("hyper").join("link.ld");
    let mut flags: Vec<String> = RUSTFLAGS.map(str::to_owned).into();
    flags.push(format!("-Clink-arg=-T{}", script.display()));
    flags.extend(toolchain.linker_flags());
    flags
}
