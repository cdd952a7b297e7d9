//! `ringctl`: creates, watches and ends domains.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod output;
mod terminal;
mod top;

use std::process::ExitCode;

use clap::Parser as _;

use ringwall_api::{Failure, Kind};

use crate::cli::{Cli, Color};
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let output = Output::new(cli.color, cli.json);
    match commands::run(cli, &output) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.kind.status())
        }
    }
}

/// Prints the help, or what is wrong with the command line in one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    let text = error.render().to_string();
    let what = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let what = what.filter(|line| !line.is_empty()).collect::<Vec<_>>();
    let what = what.join(" ");
    let json = std::env::args_os().any(|argument| argument == "--json");
    let message = format!("{}: see ringctl --help", what.trim_start_matches("error: "));
    let failure = Failure::new(Kind::Usage, message);
    Output::new(Color::Auto, json).failure(&failure);
    ExitCode::from(failure.kind.status())
}
