//! Lets hostile guests run, several at a time, and looks at what they leave: whether the machine goes on, and
//! every page comes back.
//!
//! A guest's command line has its seed, so that what one did can be done again.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use ringwall_abi::domctl::DomainFlags;
use ringwall_abi::{DomainId, PAGE_SIZE, ringwall};
use ringwall_builder::{KernelImage, Plan, Request, build};
use ringwall_control::Hypervisor;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Parser)]
struct Arguments {
    /// The guest's kernel
    kernel: PathBuf,
    /// How many guests, one after the other
    #[arg(long, default_value_t = 60)]
    guests: u64,
    /// How many at a time
    #[arg(long, default_value_t = 3)]
    together: usize,
    /// The first one's seed; each next has one more
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many hypercalls each makes
    #[arg(long, default_value_t = 3000)]
    calls: u64,
    /// MiB of each
    #[arg(long, default_value_t = 8)]
    memory: u64,
    /// ms after which one is ended that has not ended by itself
    #[arg(long, default_value_t = 1500)]
    patience: u64,
}

fn main() -> ExitCode {
    match execute(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A guest that runs.
struct Guest {
    domain: DomainId,
    seed: u64,
    since: Instant,
}

#[derive(Default)]
struct Tally {
    ended: u64,
    crashed: u64,
    stuck: u64,
    slowest: Duration,
}

fn execute(arguments: &Arguments) -> Outcome<()> {
    let hypervisor = Hypervisor::open()?;
    let mut tally = Tally::default();
    // The first ones have the hypervisor's heap grow.
    let warm = arguments.seed..arguments.seed + arguments.together as u64;
    round(&hypervisor, arguments, warm, &mut Tally::default())?;
    let before = hypervisor.machine()?.free_pages;
    let heap_before = heap_pages(&hypervisor)?;
    // In batches, between which nothing is left: what loses a page is one of a few.
    let mut seed = arguments.seed;
    let end = arguments.seed + arguments.guests;
    while seed < end {
        let batch = seed..(seed + 4 * arguments.together as u64).min(end);
        seed = batch.end;
        round(&hypervisor, arguments, batch.clone(), &mut tally)?;
        let after = hypervisor.machine()?.free_pages;
        if after != before {
            let domains = hypervisor.domains()?.len();
            let heap = heap_pages(&hypervisor)?;
            return Err(format!(
                "seeds {batch:?}: of {before} free pages {after} are left, with {domains} domains; \
                 the hypervisor's heap has {heap} pages and had {heap_before}"
            )
            .into());
        }
    }
    println!(
        "hostile ended={} crashed={} stuck={} slowest_answer_ms={:.1}",
        tally.ended,
        tally.crashed,
        tally.stuck,
        tally.slowest.as_secs_f64() * 1e3
    );
    Ok(())
}

/// The pages of the hypervisor's heap, which tell a leak of it from one of a domain's; 0 on Xen.
fn heap_pages(hypervisor: &Hypervisor) -> Outcome<u64> {
    let question = ringwall::Request::Statistics {
        from: DomainId::DOM0,
    };
    Ok(match hypervisor.ask(&question)? {
        Some(ringwall::Reply::Statistics(statistics)) => statistics.heap_frames,
        _ => 0,
    })
}

/// Lets a guest of each seed live and die, a few at a time.
fn round(
    hypervisor: &Hypervisor,
    arguments: &Arguments,
    mut seeds: core::ops::Range<u64>,
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
            tally.stuck += 1;
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
    let built = build(hypervisor, &Plan::new(request)?)?;
    hypervisor.unpause_domain(built.domain)?;
    Ok(Guest {
        domain: built.domain,
        seed,
        since: Instant::now(),
    })
}
