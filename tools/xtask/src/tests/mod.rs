//! `cargo xtask test`: the host's tests, then boots under QEMU, as many at a time as there are CPUs.

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
mod workers;

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cli::TestArguments;
use crate::{build, debian, qemu};
use case::{Case, Length};
pub(crate) use domains::CLOCK;
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

impl Tally {
    const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    fn add(&mut self, others: Vec<Self>) {
        for other in others {
            self.passed += other.passed;
            self.failed += other.failed;
            self.skipped += other.skipped;
        }
    }
}

/// Runs the tests that were asked for; the result is the process's exit status.
pub(crate) fn run(arguments: &TestArguments) -> Result<u8> {
    let mut cases = cases();
    if arguments.list {
        return list(&cases);
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
    run_cases(&cases, arguments, &mut tally);
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

/// Names the boots, to whoever reads as many of them as they like.
fn list(cases: &[Case]) -> Result<u8> {
    let mut lines: Vec<String> = cases
        .iter()
        .map(|case| format!("{:20} {}\n", case.name, case.about))
        .collect();
    lines.extend(
        guests::names()?
            .iter()
            .map(|name| format!("{name:20} a rule of the ABI, as its source states it\n")),
    );
    match io::stdout().write_all(lines.concat().as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(0),
    }
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
    let mut cases = cases();
    cases.retain(|case| case.is_named(sdk::NAME) || case.is_named(toolstack::TOUR));
    run_cases(&cases, &arguments, tally);
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

/// Runs several at a time, and then those that can't share the machine.
fn run_cases(cases: &[Case], arguments: &TestArguments, tally: &mut Tally) {
    let (alone, together): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.alone);
    for (number, cases) in [(workers::number(arguments), together), (1, alone)] {
        tally.add(workers::each(number, &cases, |case| {
            run_case(case, arguments)
        }));
    }
}

fn run_case(case: &Case, arguments: &TestArguments) -> Tally {
    if let (true, Some(reason)) = (arguments.xen, case.not_on_xen) {
        println!("skip  {}: {reason}", case.name);
        return Tally::SKIPPED;
    }
    let start = Instant::now();
    let result = case.run(arguments);
    let elapsed = seconds(start.elapsed());
    match result {
        Ok(()) => {
            println!("ok    {} ({elapsed})", case.name);
            Tally::PASSED
        }
        Err(error) => {
            println!(
                "FAIL  {} ({elapsed}): {error:#}\n      {}; the log is {}",
                case.name,
                case.about,
                case.log().display()
            );
            Tally::FAILED
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
