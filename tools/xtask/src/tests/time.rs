//! Clocks and timers.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};

use super::case::{Case, Report};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("sleep", "sleep 1 takes a second, within 2%")
            .program("clock")
            .commands("/ringwall/bin/clock")
            .check(sleeps)
            .alone(),
        Case::new("date", "the date is the host's, and the clock runs as fast")
            .commands("sleep 3; date +now=%s")
            .check(knows_date)
            .alone(),
    ]
}

fn sleeps(report: &Report<'_>) -> Result<()> {
    let slept = report.number("best_of_five")?;
    ensure!(
        (0.98..=1.02).contains(&slept),
        "sleeping for 1 s took {slept} s"
    );
    let backwards = report.number("backwards")?;
    ensure!(
        backwards == 0.0,
        "the clock went backwards {backwards} times"
    );
    Ok(())
}

fn knows_date(report: &Report<'_>) -> Result<()> {
    let guest = report.number("now")?;
    let host = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    let behind = host - guest;
    // The guest spoke before it was switched off.
    ensure!(
        (-1.5..=10.0).contains(&behind),
        "the guest's clock is {behind:.1} s behind"
    );
    Ok(())
}
