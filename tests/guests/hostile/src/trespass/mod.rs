//! Tries to reach what is others': nodes, frames, grants, event channels, and power over domains and the machine.

mod control;
mod events;
mod grants;
mod memory;
mod store;

use guests::Answer;
use ringwall_sdk::abi::DomainId;
use ringwall_sdk::println;

use crate::options::Options;

/// Whose things are tried.
pub(crate) fn everywhere(options: &Options) {
    let mut tally = Tally::default();
    for other in [options.victim, DomainId::DOM0] {
        store::trespass(other, &mut tally);
        events::trespass(other, &mut tally);
        grants::trespass(other, &mut tally);
        memory::trespass(other, &mut tally);
        control::trespass(other, &mut tally);
    }
    memory::map_all(&mut tally);
    println!(
        "TRESPASS tried {}, succeeded {}",
        tally.tried, tally.succeeded
    );
    println!("TRESPASS END");
}

/// What came of the attempts.
#[derive(Debug, Default)]
struct Tally {
    tried: u64,
    succeeded: u64,
}

impl Tally {
    /// Counts a hypercall that has to be refused.
    fn hypercall(&mut self, answer: Answer, what: core::fmt::Arguments<'_>) {
        self.attempt(answer.is_ok(), format_args!("{what}: {answer}"));
    }

    /// Counts an attempt.
    fn attempt(&mut self, succeeded: bool, what: core::fmt::Arguments<'_>) {
        self.tried += 1;
        if succeeded {
            self.succeeded += 1;
            println!("TRESPASS succeeded: {what}");
        }
    }
}
