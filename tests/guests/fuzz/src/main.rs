//! A hostile guest: random hypercalls with arguments that make some sense, until it has had enough or is crashed.
//!
//! Its command line has `seed=`, from which all follows, `calls=`, how many it makes, and `peers=`, numbers of
//! domains that it tries to touch. What becomes of it does not matter; what becomes of the others does, and
//! whoever made it looks at that. `trace` has it print each call, and what came of all; else it prints nothing, for
//! where nobody reads the console each page of it is a second's wait.
#![no_std]
#![no_main]

extern crate alloc;

mod call;
mod world;

use guests::random::Random;
use guests::sdk::{println, shutdown, start};
use world::World;

guests::sdk::entry!(main);

fn main() {
    let line = start::command_line();
    let seed = option(line, "seed=").unwrap_or(1);
    let calls = option(line, "calls=").unwrap_or(2000);
    let trace = line.split_whitespace().any(|word| word == "trace");
    let mut random = Random::new(seed);
    let Some(mut world) = World::new(&mut random, peers(line)) else {
        return;
    };
    // All, and those that were no error, by hypercall.
    let mut counts = [[0_u64; 2]; 64];
    for number in 0..calls {
        if number % 16 == 0 {
            world.scribble(&mut random);
        }
        let Some((hypercall, answer)) = call::one(&mut random, &world, trace) else {
            continue;
        };
        if let Some([all, granted]) = usize::try_from(hypercall)
            .ok()
            .and_then(|hypercall| counts.get_mut(hypercall))
        {
            *all += 1;
            *granted += u64::from(answer.is_ok());
        }
    }
    if trace {
        report(&counts);
    }
    shutdown::power_off();
}

/// What came of its hypercalls.
fn report(counts: &[[u64; 2]]) {
    for (number, [all, granted]) in counts.iter().enumerate().filter(|(_, [all, _])| *all != 0) {
        println!("FUZZ hypercall {number}: {granted} of {all} granted");
    }
    println!("FUZZ END");
}

fn option(line: &str, name: &str) -> Option<u64> {
    let word = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix(name));
    word?.parse().ok()
}

fn peers(line: &str) -> impl Iterator<Item = u16> {
    let word = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("peers="));
    word.unwrap_or_default()
        .split(',')
        .filter_map(|number| number.parse().ok())
}
