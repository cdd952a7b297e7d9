//! Which compiler builds for the freestanding target.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::TARGET;
use crate::debian::{self, Need};
use crate::{paths, shell};

/// The standard library's crates that the hypervisor needs, where they have to be built.
const BUILD_STD: [&str; 2] = [
    "-Zbuild-std=core,alloc,compiler_builtins",
    "-Zbuild-std-features=compiler-builtins-mem",
];

/// The workspace's `rust-version`.
const LEAST_RUST: (u32, u32) = (1, 95);

/// In order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The current one, with the target installed.
    Installed,
    /// The current one, with the standard library's source.
    Source,
    /// Debian's, with the standard library's source.
    Debian,
}

impl Toolchain {
    /// The first that this machine has; Debian's is installed if need be.
    pub(crate) fn choose() -> Result<Self> {
        if contains_core(&print("target-libdir", &["--target", TARGET])) {
            return Ok(Self::Installed);
        }
        let library = Path::new(&print("sysroot", &[])).join("lib/rustlib/src/rust/library/core");
        if library.is_dir() {
            return Ok(Self::Source);
        }
        debian::install(&[
            Need::version("rustc-web", "/usr/bin/rustc", LEAST_RUST),
            Need::version("cargo-web", "/usr/bin/cargo", LEAST_RUST),
            Need::package("rust-web-src"),
            Need::program("lld", "ld.lld"),
        ])?;
        Ok(Self::Debian)
    }

    /// A name for directories: what one toolchain built is of no use to another.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Source => "source",
            Self::Debian => "debian",
        }
    }

    /// `cargo SUBCOMMAND` of this toolchain, in the workspace.
    pub(crate) fn cargo(self, subcommand: &str) -> Command {
        let mut cargo = match self {
            Self::Installed | Self::Source => {
                Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            }
            Self::Debian => debian_cargo(),
        };
        cargo
            .current_dir(paths::root())
            .env_remove("RUSTFLAGS")
            .arg(subcommand);
        if self != Self::Installed {
            cargo.env("RUSTC_BOOTSTRAP", "1").args(BUILD_STD);
        }
        cargo
    }

    /// Debian's toolchain comes without `rust-lld`.
    pub(crate) fn linker_flags(self) -> Option<String> {
        (self == Self::Debian).then(|| "-Clinker=ld.lld".to_owned())
    }
}

/// Debian's cargo, free of what rustup and an outer cargo have left in the environment.
fn debian_cargo() -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let keep = ["CARGO_HOME", "CARGO_NET_OFFLINE"].contains(&text.as_ref());
        if !keep
            && ["CARGO", "RUST"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
        {
            cargo.env_remove(&name);
        }
    }
    cargo
        .env("PATH", "/usr/bin:/bin")
        .env("RUSTC", "/usr/bin/rustc");
    cargo
}

/// `rustc --print WHAT`, or nothing where rustc fails.
fn print(what: &str, arguments: &[&str]) -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command
        .current_dir(paths::root())
        .args(["--print", what])
        .args(arguments);
    shell::output(&mut command)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn contains_core(directory: &str) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .into_iter()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}
