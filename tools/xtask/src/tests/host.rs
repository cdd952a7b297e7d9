//! The tests that run here: those of every crate that builds for a host.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::{Tally, seconds};
use crate::debian::{self, Need};
use crate::{paths, progress};

/// The headers that the ABI's layouts are compared with, and the clients that the store is tried with.
const NEEDS: &[Need] = &[
    Need::file("libxen-dev", "/usr/include/xen/xen.h"),
    Need::program("xenstore-utils", "xenstore-ls"),
    Need::program("gcc", "gcc"),
];

/// Runs `cargo test` and adds its counts.
pub(super) fn run(tally: &mut Tally) -> Result<()> {
    debian::install(NEEDS)?;
    let start = Instant::now();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(paths::root())
        .args(["test", "--no-fail-fast", "--quiet"]);
    let result = progress::step("Testing on the host", || {
        cargo.output().context("cargo could not be started")
    })?;
    let stdout = String::from_utf8_lossy(&result.stdout);
    let (passed, mut failed) = count(&stdout);
    if !result.status.success() && failed == 0 {
        failed = 1;
    }
    tally.passed += passed;
    tally.failed += failed;
    let verdict = if failed == 0 { "ok  " } else { "FAIL" };
    println!(
        "{verdict}  host: {passed} passed, {failed} failed ({})",
        seconds(start.elapsed())
    );
    if failed > 0 {
        println!("{stdout}{}", String::from_utf8_lossy(&result.stderr));
    }
    Ok(())
}

/// Sums up lines like `test result: ok. 3 passed; 0 failed; ...`.
fn count(output: &str) -> (usize, usize) {
    let number = |line: &str, what: &str| {
        let before = line.split(what).next().unwrap_or_default();
        before
            .split_whitespace()
            .last()
            .and_then(|word| word.parse().ok())
            .unwrap_or(0)
    };
    output
        .lines()
        .filter(|line| line.starts_with("test result: "))
        .map(|line| (number(line, " passed;"), number(line, " failed;")))
        .fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_crates_are_summed() {
        let output = "running 2 tests\n..\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
            test result: FAILED. 10 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(count(output), (12, 3));
    }
}
