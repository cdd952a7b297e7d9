//! `cargo xtask new-guest`: a package to start a guest kernel from.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::paths;

const MANIFEST: &str = r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"

[[bin]]
name = "{name}"
path = "src/main.rs"
test = false
bench = false

[dependencies]
ringwall-sdk = { path = "{sdk}" }

# A workspace of its own.
[workspace]
"#;

const MAIN: &str = r#"//! A guest kernel.
//!
//! Build it by `cargo xtask guest {path}`, boot it by `cargo xtask run --guest {path}`, both in Ringwall's
//! directory. It is not for `cargo build`: it is linked by the SDK's script, for a machine without a system.
#![no_std]
#![no_main]

use ringwall_sdk::println;

ringwall_sdk::entry!(main);

fn main() {
    println!("Hello from {name}!");
}
"#;

/// Makes the package in a directory that must not exist.
pub(crate) fn make(path: &Path) -> Result<()> {
    ensure!(!path.exists(), "{} exists already", path.display());
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .context("the last part of the path is to be the package's name")?;
    ensure!(
        is_package_name(name),
        "{name} can't be a package's name: letters, digits, - and _ can, after a letter"
    );
    fs::create_dir_all(path.join("src")).with_context(|| path.display().to_string())?;
    let full = fs::canonicalize(path)?;
    let fill = |template: &str| {
        template
            .replace("{name}", name)
            .replace("{path}", &full.display().to_string())
            .replace(
                "{sdk}",
                &paths::root().join("domU-sdk").display().to_string(),
            )
    };
    fs::write(full.join("Cargo.toml"), fill(MANIFEST))?;
    fs::write(full.join("src/main.rs"), fill(MAIN))?;
    println!(
        "{} is there: cargo xtask run --guest {}",
        full.display(),
        full.display()
    );
    Ok(())
}

fn is_package_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_guest_has_its_name_and_the_sdk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my-guest");
        make(&path).unwrap();
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"my-guest\""));
        assert!(manifest.contains("domU-sdk"));
        assert!(
            fs::read_to_string(path.join("src/main.rs"))
                .unwrap()
                .contains("my-guest")
        );
        assert!(make(&path).is_err(), "it is not overwritten");
    }

    #[test]
    fn names_that_cargo_refuses_are_refused() {
        for (name, good) in [
            ("a", true),
            ("a-b_1", true),
            ("1a", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(is_package_name(name), good, "{name}");
        }
    }
}
