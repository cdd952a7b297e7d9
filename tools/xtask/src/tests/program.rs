//! Small static programs for the guest, from `tests/programs`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::initrd::Program;
use crate::{paths, shell};

/// Compiles the named programs, unless that is done.
pub(crate) fn build(names: &[&str]) -> Result<Vec<Program>> {
    names.iter().map(|name| build_one(name)).collect()
}

fn build_one(name: &str) -> Result<Program> {
    let source = paths::root()
        .join("tests/programs")
        .join(format!("{name}.rs"));
    let binary = paths::cache().join("programs").join(name);
    if is_older(&binary, &source) {
        fs::create_dir_all(paths::cache().join("programs"))?;
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command
            .args([
                "--edition=2024",
                "-O",
                "-Ctarget-feature=+crt-static",
                "-Cstrip=symbols",
            ])
            .args(["-Cpanic=abort", "--target=x86_64-unknown-linux-gnu", "-o"])
            .arg(&binary)
            .arg(&source);
        shell::output(&mut command)?;
    }
    Ok(Program {
        name: name.to_owned(),
        content: fs::read(binary)?,
    })
}

fn is_older(made: &Path, source: &Path) -> bool {
    let time = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    time(made) < time(source)
}
