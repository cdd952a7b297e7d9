//! Guest kernels on the SDK: examples, test guests, and those of others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use toml_edit::{Item, Value};

use super::{TARGET, Toolchain};
use crate::{paths, progress, shell};

/// What the compiler is told for a guest: it runs where it is linked, in the uppermost 2 GiB.
const RUSTFLAGS: [&str; 7] = [
    "-Crelocation-model=static",
    "-Ccode-model=kernel",
    "-Clink-arg=--no-pie",
    "-Clink-arg=-zmax-page-size=4096",
    "-Cforce-unwind-tables=no",
    // For backtraces.
    "-Cforce-frame-pointers=yes",
    // The symbols are for us: what is not loaded costs a boot nothing but its reading.
    "-Cstrip=debuginfo",
];
/// The profile `guest` of the workspace, for packages that are not of it.
const PROFILE: [&str; 4] = [
    "profile.guest.inherits=\"release\"",
    "profile.guest.opt-level=\"s\"",
    "profile.guest.panic=\"abort\"",
    "profile.guest.overflow-checks=true",
];
/// The package of the SDK's examples, and that of the guests that test a rule each.
const PACKAGES: [&str; 2] = ["ringwall-sdk-examples", "guests"];

/// Builds a guest that has its own package in the workspace, by the hypervisor's profile: what it counts
/// stays what it is.
pub(crate) fn package(package: &str) -> Result<PathBuf> {
    let (directory, mut cargo) = cargo(Some("-Cstrip=symbols"))?;
    cargo.args(["--profile", "hypervisor", "--package", package]);
    progress::step(&format!("Building {package}"), || shell::quiet(&mut cargo))
        .with_context(|| format!("{package} does not build"))?;
    kernel(&directory, "hypervisor", package)
}

/// Builds the guests that test a rule, by one cargo; returns their kernels' directory.
pub(crate) fn rules() -> Result<PathBuf> {
    let (directory, mut cargo) = cargo(None)?;
    cargo.args(["--profile", "guest", "--package", "guests", "--bins"]);
    progress::step("Building the test guests", || shell::quiet(&mut cargo))
        .context("the test guests do not build")?;
    Ok(directory.join(TARGET).join("guest"))
}

/// Builds the guest that is meant: an example of the SDK, a test guest, a package of the workspace below
/// `tests/guests`, or the package at a path. Returns the kernel, an ELF64 with Xen's notes.
pub(crate) fn build(name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 || path.join("Cargo.toml").is_file() {
        return outside(path);
    }
    if let Some(kernel) = in_workspace(name)? {
        return Ok(kernel);
    }
    let own = paths::root().join("tests/guests").join(name);
    if own.join("Cargo.toml").is_file() {
        return package(&format!("{name}-guest"));
    }
    bail!(
        "no guest is named {name}: it is neither an example of domU-sdk/examples, nor a rule of \
         tests/guests, nor a directory with a package"
    )
}

/// A binary of the packages of guests.
fn in_workspace(name: &str) -> Result<Option<PathBuf>> {
    for package in PACKAGES {
        let names = names(package)?;
        if names.iter().any(|other| other == name) {
            let (directory, mut cargo) = cargo(None)?;
            cargo.args(["--profile", "guest", "--package", package, "--bin", name]);
            progress::step(&format!("Building {name}"), || shell::quiet(&mut cargo))
                .with_context(|| format!("{name} does not build"))?;
            return kernel(&directory, "guest", name).map(Some);
        }
    }
    Ok(None)
}

/// The names of a package's guests, as its manifest has them.
pub(crate) fn names(package: &str) -> Result<Vec<String>> {
    let place = match package {
        "guests" => "tests/guests",
        _ => "domU-sdk/examples",
    };
    let file = paths::root().join(place).join("Cargo.toml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    binaries(&text).with_context(|| file.display().to_string())
}

/// The names of a manifest's `[[bin]]`s, however they are written.
fn binaries(manifest: &str) -> Result<Vec<String>> {
    let manifest: toml_edit::DocumentMut = manifest.parse()?;
    let name = |name: Option<&str>| name.map(str::to_owned);
    Ok(match manifest.get("bin") {
        Some(Item::ArrayOfTables(tables)) => tables
            .iter()
            .filter_map(|table| name(table.get("name")?.as_str()))
            .collect(),
        Some(Item::Value(Value::Array(tables))) => tables
            .iter()
            .filter_map(|table| name(table.as_inline_table()?.get("name")?.as_str()))
            .collect(),
        _ => Vec::new(),
    })
}

/// What the machine of a test guest has that those of others don't have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// QEMU's CPU model.
    pub(crate) cpu: Option<String>,
    /// Options on the hypervisor's command line.
    pub(crate) options: String,
}

/// What the test guests need, by their names: `package.metadata` of their manifest.
pub(crate) fn needs() -> Result<BTreeMap<String, Needs>> {
    let file = paths::root().join("tests/guests/Cargo.toml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    parse_needs(&text).with_context(|| file.display().to_string())
}

fn parse_needs(manifest: &str) -> Result<BTreeMap<String, Needs>> {
    let manifest: toml_edit::DocumentMut = manifest.parse()?;
    let mut needs = BTreeMap::<String, Needs>::new();
    for key in ["cpu", "options"] {
        let values = ["package", "metadata", key]
            .iter()
            .try_fold(manifest.as_item(), |item, key| item.get(key))
            .and_then(Item::as_table);
        for (rule, value) in values.into_iter().flat_map(|table| table.iter()) {
            let value = value
                .as_str()
                .with_context(|| format!("{key} of {rule} is no text"))?;
            let needs = needs.entry(rule.to_owned()).or_default();
            match key {
                "cpu" => needs.cpu = Some(value.to_owned()),
                _ => value.clone_into(&mut needs.options),
            }
        }
    }
    Ok(needs)
}

/// Builds the package at a path.
fn outside(path: &Path) -> Result<PathBuf> {
    let manifest = path.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
    let parsed: toml_edit::DocumentMut = text
        .parse()
        .with_context(|| manifest.display().to_string())?;
    let package = parsed
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(|name| name.as_str())
        .with_context(|| format!("{} has no package.name", manifest.display()))?;
    let mut named = binaries(&text)?;
    ensure!(
        named.len() < 2,
        "{} has several [[bin]]s: {}",
        manifest.display(),
        named.join(", ")
    );
    let binary = named.pop().unwrap_or_else(|| package.to_owned());
    let (directory, mut cargo) = cargo(None)?;
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    cargo
        .args(["--profile", "guest", "--bin", &binary])
        .arg("--manifest-path")
        .arg(fs::canonicalize(&manifest)?);
    progress::step(&format!("Building {package}"), || shell::quiet(&mut cargo))
        .with_context(|| format!("{package} does not build"))?;
    kernel(&directory, "guest", &binary)
}

/// `cargo build` for guests, and where it puts them.
fn cargo(further: Option<&str>) -> Result<(PathBuf, std::process::Command)> {
    let toolchain = Toolchain::choose()?;
    let directory = paths::target().join("guests").join(toolchain.name());
    let script = paths::root().join("domU-sdk/guest.ld");
    let mut flags: Vec<String> = RUSTFLAGS.map(str::to_owned).into();
    flags.push(format!("-Clink-arg=-T{}", script.display()));
    flags.extend(further.map(str::to_owned));
    flags.extend(toolchain.linker_flags());
    let mut cargo = toolchain.cargo("build");
    cargo
        .args(["--quiet", "--target", TARGET, "--target-dir"])
        .arg(&directory)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    Ok((directory, cargo))
}

fn kernel(directory: &Path, profile: &str, name: &str) -> Result<PathBuf> {
    let kernel = directory.join(TARGET).join(profile).join(name);
    fs::metadata(&kernel).with_context(|| kernel.display().to_string())?;
    Ok(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_named_by_the_manifest() {
        let manifest = "[package]\nname = \"a\"\n[[bin]]\nname = \"b\"\n[[bin]]\nname = \"c\"\n";
        assert_eq!(binaries(manifest).unwrap(), ["b", "c"]);
        let lines = "bin = [\n { name = \"b\" },\n { name = \"c\" },\n]\n[package]\nname = \"a\"\n";
        assert_eq!(binaries(lines).unwrap(), ["b", "c"]);
        assert!(binaries("[package]\nname = \"a\"\n").unwrap().is_empty());
    }

    #[test]
    fn the_packages_have_guests() {
        for package in PACKAGES {
            assert!(!names(package).unwrap().is_empty(), "{package}");
        }
    }

    #[test]
    fn needs_are_named_by_the_manifest() {
        let manifest = "[package]\nname = \"a\"\n[package.metadata.cpu]\nb = \"EPYC\"\n\
                        [package.metadata.options]\nb = \"x=1 y\"\nc = \"z\"\n";
        let needs = parse_needs(manifest).unwrap();
        let expected = Needs {
            cpu: Some("EPYC".into()),
            options: "x=1 y".into(),
        };
        assert_eq!(needs["b"], expected);
        assert_eq!(
            (needs["c"].cpu.as_deref(), &*needs["c"].options),
            (None, "z")
        );
        let number = "[package.metadata.options]\nb = 1\n";
        assert!(parse_needs(number).is_err());
    }

    #[test]
    fn only_rules_have_needs() {
        let rules = names("guests").unwrap();
        for rule in needs().unwrap().keys() {
            assert!(rules.contains(rule), "{rule}");
        }
    }
}
