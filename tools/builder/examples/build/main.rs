//! Makes, lists and ends domains, and says how long each step took.

mod timed;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use core::sync::atomic::Ordering;
use ringwall_abi::io::console::ConsoleRing;
use ringwall_abi::{DomainId, PAGE_SIZE};
use ringwall_builder::{Built, Cache, Initrd, KernelImage, Plan, Request, build};
use ringwall_control::{EventChannels, Hypervisor, Protection, SharedMemory};
use std::io::Write as _;
use timed::Timed;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Unpack a kernel into the cache, and do nothing else
    Unpack(Create),
    /// Make a domain, paused
    Create(Create),
    /// List the domains
    List,
    /// Let a domain run
    Unpause { domain: u16 },
    /// End a domain
    Destroy { domain: u16 },
    /// Make a domain, let it run, and print its console for some seconds
    Run {
        #[command(flatten)]
        create: Create,
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// End when the console has shown this
        #[arg(long)]
        until: Option<String>,
    },
    /// Make and end a domain several times
    Repeat {
        #[command(flatten)]
        create: Create,
        #[arg(long, default_value_t = 5)]
        times: u32,
    },
    /// Make many domains that all stay, then end them: what the last one costs beside the first
    Crowd {
        #[command(flatten)]
        create: Create,
        #[arg(long, default_value_t = 100)]
        domains: usize,
    },
}

#[derive(clap::Args)]
struct Create {
    /// The kernel
    kernel: PathBuf,
    #[arg(long)]
    initrd: Option<PathBuf>,
    /// The kernel's command line
    #[arg(long, default_value = "")]
    append: String,
    /// MiB
    #[arg(long, default_value_t = 128)]
    memory: u64,
    #[arg(long, default_value_t = 1)]
    vcpus: u32,
    /// A directory for unpacked kernels
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Say how long each part of building took
    #[arg(long)]
    profile: bool,
}

fn main() -> ExitCode {
    match execute(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: &Command) -> Outcome<()> {
    if let Command::Unpack(arguments) = command {
        timed("kernel", || kernel(arguments))?;
        return Ok(());
    }
    let hypervisor = Hypervisor::open()?;
    match command {
        Command::Unpack(_) => {}
        Command::Create(arguments) => {
            let built = timed("create", || create(&hypervisor, arguments))?;
            println!("domain={}", built.domain.raw());
        }
        Command::List => {
            let domains = timed("list", || Ok(hypervisor.domains()?))?;
            for info in domains {
                println!(
                    "{} {} MiB {:?}",
                    info.domain,
                    info.tot_pages >> 8,
                    info.flags
                );
            }
        }
        Command::Unpause { domain } => {
            let domain = DomainId::new(*domain);
            timed("unpause", || Ok(hypervisor.unpause_domain(domain)?))?;
        }
        Command::Destroy { domain } => {
            let domain = DomainId::new(*domain);
            timed("destroy", || Ok(hypervisor.destroy_domain(domain)?))?;
        }
        Command::Run {
            create: arguments,
            seconds,
            until,
        } => {
            let built = timed("create", || create(&hypervisor, arguments))?;
            let shown = show(
                &hypervisor,
                &built,
                Duration::from_secs(*seconds),
                until.as_deref(),
            );
            timed("destroy", || Ok(hypervisor.destroy_domain(built.domain)?))?;
            shown?;
        }
        Command::Crowd {
            create: arguments,
            domains,
        } => crowd(&hypervisor, arguments, *domains)?,
        Command::Repeat {
            create: arguments,
            times,
        } => {
            for _ in 0..*times {
                let free = hypervisor.machine()?.free_pages;
                let built = timed("create", || create(&hypervisor, arguments))?;
                timed("destroy", || Ok(hypervisor.destroy_domain(built.domain)?))?;
                let after = hypervisor.machine()?.free_pages;
                println!("free_before={free} free_after={after}");
            }
        }
    }
    Ok(())
}

/// Makes domains that stay, and ends them all.
fn crowd(hypervisor: &Hypervisor, arguments: &Create, count: usize) -> Outcome<()> {
    let (mut made, mut took) = (Vec::new(), Vec::new());
    let outcome = (0..count).try_for_each(|_| {
        let plan = Plan::new(Request {
            command_line: arguments.append.clone(),
            ..Request::new(
                kernel(arguments)?,
                arguments.memory * (1 << 20) / PAGE_SIZE as u64,
            )
        })?;
        let start = Instant::now();
        made.push(build(hypervisor, &plan)?.domain);
        took.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    });
    let start = Instant::now();
    for domain in made {
        hypervisor.destroy_domain(domain)?;
    }
    let destroyed = start.elapsed().as_secs_f64() * 1e3;
    println!(
        "destroy_each_ms={:.2}",
        destroyed / took.len().max(1) as f64
    );
    // The best of several: others of the machine's programs only ever make it slower.
    let best = |part: &[f64]| part.iter().copied().fold(f64::INFINITY, f64::min);
    let some = took.len().min(10);
    if let (Some(first), Some(last)) = (took.get(..some), took.get(took.len() - some..)) {
        println!("first_ms={:.2}", best(first));
        println!("last_ms={:.2}", best(last));
    }
    outcome
}

/// Prints how long something took, in ms.
fn timed<T>(what: &str, action: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let result = action()?;
    println!("{what}_ms={:.1}", start.elapsed().as_secs_f64() * 1e3);
    Ok(result)
}

fn kernel(arguments: &Create) -> Outcome<KernelImage> {
    let cache = arguments.cache.as_ref().map(Cache::new);
    Ok(KernelImage::open(&arguments.kernel, cache.as_ref())?)
}

fn create(hypervisor: &Hypervisor, arguments: &Create) -> Outcome<Built> {
    let kernel = timed("kernel", || kernel(arguments))?;
    let mut request = Request::new(kernel, arguments.memory * (1 << 20) / PAGE_SIZE as u64);
    request.command_line.clone_from(&arguments.append);
    request.settings.max_vcpus = arguments.vcpus;
    request.initrd = arguments.initrd.as_deref().map(Initrd::open).transpose()?;
    let plan = Plan::new(request)?;
    if !arguments.profile {
        return timed("build", || Ok(build(hypervisor, &plan)?));
    }
    let machine = Timed::new(hypervisor);
    let built = timed("build", || Ok(build(&machine, &plan)?))?;
    for (name, time) in machine.sums() {
        println!("    {name}: {:.2} ms", time.as_secs_f64() * 1e3);
    }
    Ok(built)
}

/// Lets a domain run, and prints what it writes to its console.
fn show(
    hypervisor: &Hypervisor,
    built: &Built,
    limit: Duration,
    until: Option<&str>,
) -> Outcome<()> {
    let ring =
        hypervisor.map_frames(built.domain, &[built.console.frame], Protection::ReadWrite)?;
    let events = EventChannels::open()?;
    let port = events.bind_interdomain(built.domain, built.console.port)?;
    hypervisor.unpause_domain(built.domain)?;
    let start = Instant::now();
    let mut all = Vec::new();
    while start.elapsed() < limit {
        let bytes = take(&ring)?;
        if !bytes.is_empty() {
            std::io::stdout().write_all(&bytes)?;
            all.extend_from_slice(&bytes);
            events.notify(port)?;
        }
        let text = String::from_utf8_lossy(&all);
        if until.is_some_and(|until| text.contains(until)) {
            println!("shown_ms={:.1}", start.elapsed().as_secs_f64() * 1e3);
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    match until {
        Some(until) => Err(format!("{until:?} did not show").into()),
        None => Ok(()),
    }
}

/// What the domain has written since the last time.
fn take(ring: &SharedMemory) -> Outcome<Vec<u8>> {
    let consumer = ring.u32_at(core::mem::offset_of!(ConsoleRing, out_cons))?;
    let producer = ring.u32_at(core::mem::offset_of!(ConsoleRing, out_prod))?;
    let (mut from, to) = (
        consumer.load(Ordering::Relaxed),
        producer.load(Ordering::Acquire),
    );
    let mut bytes = Vec::new();
    while from != to && bytes.len() < ConsoleRing::OUTPUT_SIZE {
        let place = usize::try_from(from)? % ConsoleRing::OUTPUT_SIZE;
        let mut byte = [0];
        ring.read(
            core::mem::offset_of!(ConsoleRing, output) + place,
            &mut byte,
        )?;
        bytes.extend(byte);
        from = from.wrapping_add(1);
    }
    consumer.store(from, Ordering::Release);
    Ok(bytes)
}
