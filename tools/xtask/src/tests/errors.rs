//! Bad input gets an error, and its sender goes on: `tests/guests/errors`.

use std::fs;

use anyhow::{Result, ensure};

use super::case::{Case, Report};
use crate::build;
use crate::qemu::Console;

/// The guest's last line.
const END: &str = "ERRORS END";
/// The guest's package.
const GUEST: &str = "errors-guest";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "errors",
            "a guest's bad request gets an error, and the guest goes on",
        )
        .prepare(|work| {
            fs::copy(build::guest_package(GUEST)?, work.join("kernel"))?;
            Ok(())
        })
        .arguments(["--no-modules", "--kernel", "{work}/kernel"])
        .without_commands()
        .enough(|console: &Console| console.log().lines().any(|line| line == END))
        .limit_seconds(60)
        .check(|report: &Report<'_>| check(&report.outcome.log, report.on_xen)),
    ]
}

/// No rule may have failed; one that is stricter than Xen's may have been broken there.
fn check(log: &str, on_xen: bool) -> Result<()> {
    let failed: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("FAIL ") || (!on_xen && line.starts_with("LAX ")))
        .collect();
    ensure!(failed.is_empty(), "\n{}", failed.join("\n"));
    ensure!(
        log.lines().any(|line| line == END),
        "the guest did not come to its end"
    );
    ensure!(
        log.lines().any(|line| line.starts_with("PASS ")),
        "the guest checked nothing"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_must_pass_and_the_end_be_reached() {
        for (log, here, on_xen) in [
            ("PASS a\nERRORS END\n", true, true),
            (
                "PASS a\nFAIL b: 0, expected [EINVAL]\nERRORS END\n",
                false,
                false,
            ),
            ("PASS a\nLAX b\nERRORS END\n", false, true),
            ("PASS a\n", false, false),
            ("ERRORS END\n", false, false),
        ] {
            assert_eq!(check(log, false).is_ok(), here, "{log}");
            assert_eq!(check(log, true).is_ok(), on_xen, "{log}");
        }
    }
}
