//! Guests, from their making to their end.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use ringwall_abi::domctl::DomainFlags;
use ringwall_abi::{DomainId, PAGE_SIZE};
use ringwall_builder::{KernelImage, Plan, Request, build};
use ringwall_control::Hypervisor;

use crate::Outcome;
use crate::unended::{Reason, why};

#[derive(Parser)]
pub(crate) struct Arguments {
    /// The guest's kernel
    kernel: PathBuf,
    /// How many guests, one after the other
    #[arg(long, default_value_t = 60)]
    pub(crate) guests: u64,
    /// How many at a time
    #[arg(long, default_value_t = 3)]
    pub(crate) together: usize,
    /// The first one's seed; each next has one more
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many hypercalls each makes
    #[arg(long, default_value_t = 3000)]
    calls: u64,
    /// MiB of each
    #[arg(long, default_value_t = 8)]
    memory: u64,
    /// ms after which one is ended that has not ended by itself
    #[arg(long, default_value_t = 1500)]
    patience: u64,
    /// Say what each batch leaves, and what guests do that do not end
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// A guest that runs.
struct Guest {
    domain: DomainId,
    seed: u64,
    since: Instant,
}

/// What became of guests.
#[derive(Default)]
pub(crate) struct Tally {
    ended: u64,
    crashed: u64,
    /// Did not end by themselves, by what they did instead.
    asleep: u64,
    busy: u64,
    slowest: Duration,
}

/// Ports lie below it. What the hypervisor keeps of a domain's ports for the next one comes for so many at a
/// time: with no more than these, it keeps the same of each.
const PORTS: u32 = 64;

/// Lets a guest of each seed live and die, a few at a time.
pub(crate) fn round(
    hypervisor: &Hypervisor,
    arguments: &Arguments,
    mut seeds: Range<u64>,
    tally: &mut Tally,
) -> Outcome<()> {
    let mut alive = VecDeque::new();
    loop {
        while alive.len() < arguments.together
            && let Some(seed) = seeds.next()
        {
            alive.push_back(begin(hypervisor, arguments, seed, &alive)?);
        }
        let Some(guest) = alive.pop_front() else {
            return Ok(());
        };
        let asked = Instant::now();
        let flags = hypervisor.domain_info(guest.domain)?.flags;
        tally.slowest = tally.slowest.max(asked.elapsed());
        if flags.contains(DomainFlags::SHUTDOWN) {
            match flags.shutdown_reason() {
                3 => tally.crashed += 1,
                _ => tally.ended += 1,
            }
        } else if guest.since.elapsed() < Duration::from_millis(arguments.patience) {
            alive.push_back(guest);
            std::thread::sleep(Duration::from_millis(5));
            continue;
        } else {
            let reason = why(hypervisor, guest.domain)?;
            if arguments.verbose {
                println!("seed {}: {reason}", guest.seed);
            }
            match reason {
                Reason::Asleep { .. } => tally.asleep += 1,
                Reason::Busy { .. } => tally.busy += 1,
            }
        }
        hypervisor
            .destroy_domain(guest.domain)
            .map_err(|error| format!("seed {}: {error}", guest.seed))?;
    }
}

fn begin(
    hypervisor: &Hypervisor,
    arguments: &Arguments,
    seed: u64,
    others: &VecDeque<Guest>,
) -> Outcome<Guest> {
    let kernel = KernelImage::open(&arguments.kernel, None)?;
    let mut request = Request::new(kernel, arguments.memory * (1 << 20) / PAGE_SIZE as u64);
    let peers: Vec<_> = others
        .iter()
        .map(|guest| guest.domain.raw().to_string())
        .collect();
    request.command_line = format!(
        "seed={seed} calls={} peers={}",
        arguments.calls,
        peers.join(",")
    );
    request.settings.max_vcpus = 2;
    request.settings.max_port = PORTS - 1;
    let built = build(hypervisor, &Plan::new(request)?)?;
    hypervisor.unpause_domain(built.domain)?;
    Ok(Guest {
        domain: built.domain,
        seed,
        since: Instant::now(),
    })
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ended={} crashed={} asleep={} busy={} slowest_answer_ms={:.1}",
            self.ended,
            self.crashed,
            self.asleep,
            self.busy,
            self.slowest.as_secs_f64() * 1e3
        )
    }
}
