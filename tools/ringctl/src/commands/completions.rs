//! `completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;
use ringwall_api::Result;

use crate::cli::Cli;
use crate::output::Output;

pub(super) fn run(output: &Output, shell: Shell) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ringctl", &mut script);
    output.bytes(&script)?;
    Ok(0)
}
