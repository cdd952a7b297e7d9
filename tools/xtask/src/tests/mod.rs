//! `cargo xtask test`: the host's tests, then boots under QEMU, one after the other.

mod bad_input;
mod boot;
mod builder;
mod case;
mod control;
mod devices;
mod domains;
mod domu;
mod faults;
mod guests;
mod host;
mod load;
mod matrix;
mod memory;
mod paths;
mod program;
mod sdk;
mod statistics;
mod store;
mod time;
mod toolstack;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cli::TestArguments;
use crate::{build, debian, qemu};
use case::{Case, Length};
pub(crate) use paths::compare as compare_paths;
pub(crate) use program::build as programs;

/// The host's tests, as one name among the others.
const HOST: &str = "host";

/// All boots, in the order in which they run.
fn cases() -> Vec<Case> {
    [
        boot::cases(),
        time::cases(),
        devices::cases(),
        matrix::cases(),
        bad_input::cases(),
        sdk::cases(),
        domu::cases(),
        paths::cases(),
        memory::cases(),
        load::cases(),
        statistics::cases(),
        toolstack::cases(),
        faults::cases(),
        store::cases(),
        control::cases(),
        builder::cases(),
        domains::cases(),
    ]
    .concat()
}

/// What was counted.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Runs the tests that were asked for; the result is the process's exit status.
pub(crate) fn run(arguments: &TestArguments) -> Result<u8> {
    let mut cases = cases();
    if arguments.list {
        for case in &cases {
            println!("{:20} {}", case.name, case.about);
        }
        for name in guests::names()? {
            println!("{name:20} a rule of the ABI, as its source states it");
        }
        return Ok(0);
    }
    for name in &arguments.names {
        if name != HOST && !guests::is_named(name) && !cases.iter().any(|case| case.is_named(name))
        {
            bail!("no test is named {name}; cargo xtask test --list names them");
        }
    }
    let named = |case: &Case| arguments.names.iter().any(|name| case.is_named(name));
    cases.retain(|case| match (arguments.names.is_empty(), case.length) {
        (true, Length::Short) => true,
        (true, Length::Long) => arguments.long,
        (false, _) => named(case),
    });
    let mut tally = Tally::default();
    let everything = arguments.names.is_empty() && !arguments.xen;
    if everything || arguments.names.iter().any(|name| name == HOST) {
        host::run(&mut tally)?;
    }
    if let Err(error) = prepare(&cases, arguments) {
        println!("FAIL  build: {error:#}");
        tally.failed += 1;
        cases.clear();
    }
    for case in &cases {
        run_case(case, arguments, &mut tally);
    }
    if arguments.names.is_empty() || arguments.names.iter().any(|name| guests::is_named(name)) {
        guests::run(arguments, &mut tally)?;
    }
    if everything {
        on_the_oracle(arguments, &mut tally)?;
    }
    let skipped = match tally.skipped {
        0 => String::new(),
        number => format!(", {number} skipped"),
    };
    println!("{} passed, {} failed{skipped}", tally.passed, tally.failed);
    Ok(u8::from(tally.failed > 0))
}

/// Runs on Xen as well what shows whether a test or Ringwall is wrong: the toolstack's tour, the SDK's examples and
/// the rules of the ABI.
fn on_the_oracle(arguments: &TestArguments, tally: &mut Tally) -> Result<()> {
    println!("on Xen:");
    let arguments = TestArguments {
        xen: true,
        hypervisor: None,
        ..arguments.clone()
    };
    let on_both = |case: &&Case| case.is_named(sdk::NAME) || case.is_named(toolstack::TOUR);
    for case in cases().iter().filter(on_both) {
        run_case(case, &arguments, tally);
    }
    guests::run(&arguments, tally)
}

/// What all boots need, so that it fails once.
fn prepare(cases: &[Case], arguments: &TestArguments) -> Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    debian::install(qemu::NEEDS)?;
    if !arguments.xen && arguments.hypervisor.is_none() {
        build::build(build::Verbosity::Quiet)?;
    }
    Ok(())
}

fn run_case(case: &Case, arguments: &TestArguments, tally: &mut Tally) {
    if let (true, Some(reason)) = (arguments.xen, case.not_on_xen) {
        println!("skip  {}: {reason}", case.name);
        tally.skipped += 1;
        return;
    }
    let start = Instant::now();
    match case.run(arguments) {
        Ok(()) => {
            tally.passed += 1;
            println!("ok    {} ({})", case.name, seconds(start.elapsed()));
        }
        Err(error) => {
            tally.failed += 1;
            println!(
                "FAIL  {} ({}): {error:#}",
                case.name,
                seconds(start.elapsed())
            );
            println!("      {}; the log is {}", case.about, case.log().display());
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
