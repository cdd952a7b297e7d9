//! Lets hostile guests run, several at a time, and looks at what they leave: whether the machine goes on, and
//! every page comes back.
//!
//! A guest's command line has its seed, so that what one did can be done again.

mod balance;
mod guest;
mod unended;

use std::process::ExitCode;

use balance::Balance;
use clap::Parser;
use guest::{Arguments, Tally, round};
use ringwall_control::Hypervisor;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match execute(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: &Arguments) -> Outcome<()> {
    let hypervisor = Hypervisor::open()?;
    let mut tally = Tally::default();
    // The first ones have the hypervisor make places for so many domains, which the next ones take.
    let warm = arguments.seed..arguments.seed + arguments.together as u64;
    round(&hypervisor, arguments, warm, &mut Tally::default())?;
    let before = Balance::of(&hypervisor)?;
    // In batches, between which nothing is left: what loses a page is one of a few.
    let mut seed = arguments.seed;
    let end = arguments.seed + arguments.guests;
    while seed < end {
        let batch = seed..(seed + 4 * arguments.together as u64).min(end);
        seed = batch.end;
        round(&hypervisor, arguments, batch.clone(), &mut tally)?;
        let after = Balance::of(&hypervisor)?;
        if arguments.verbose {
            println!("seeds {batch:?}: {after}");
        }
        if !after.is_even_with(&before) {
            let domains = hypervisor.domains()?.len();
            return Err(format!(
                "seeds {batch:?}: before there were {before}; now {after}, and {domains} domains"
            )
            .into());
        }
    }
    println!("hostile {tally}");
    Ok(())
}
