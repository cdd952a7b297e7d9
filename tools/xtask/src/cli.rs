//! The commands and their arguments.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{bench, build, ci, iso, new_guest, run, tests, tidy};

/// Ringwall's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub(crate) struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the hypervisor: target/ringwall/ringwall
    Build,
    /// Make a bootable disc: target/ringwall/ringwall.iso
    Iso,
    /// Boot Debian's Linux as dom0 in QEMU, to a shell
    Run(Box<RunArguments>),
    /// Run the tests: those on the host, then those that boot in QEMU
    Test(TestArguments),
    /// Compare what operations cost native, on Xen and on Ringwall
    Bench(BenchArguments),
    /// Build a guest kernel and print its file: an example, a test guest, or the package at a path
    Guest {
        /// As `hello`, `version`, or `../my-guest`
        name: String,
    },
    /// Start a guest kernel of your own: a package on the SDK, outside of this workspace
    NewGuest {
        /// The directory to make; its last part is the package's name
        path: PathBuf,
    },
    /// Check the rules of the repository that no lint knows
    Tidy,
    /// Check all that a change must pass
    Ci,
}

/// Arguments of `run`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RunArguments {
    /// Run these shell commands in dom0 in place of the shell, and end with their status
    #[arg(long, value_name = "COMMANDS")]
    pub(crate) exec: Option<String>,
    /// Show the toolstack: create two guests, use their disk and network, and end with the status of all
    #[arg(long, conflicts_with_all = ["exec", "native", "guest", "initrd"])]
    pub(crate) demo: bool,
    /// Leave the toolstack out of dom0
    #[arg(long)]
    pub(crate) bare: bool,
    /// Give up after so many seconds, with status 124 [default with --exec: 300]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,
    /// The machine's memory in MiB, or with a unit: 512M, 2G
    #[arg(long, value_name = "SIZE", default_value = "1024", value_parser = mebibytes)]
    pub(crate) memory: u32,
    /// How many CPUs the machine has
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) cpus: u32,
    /// QEMU's CPU model
    #[arg(long, value_name = "MODEL")]
    pub(crate) cpu: Option<String>,
    /// QEMU's machine: pc, q35
    #[arg(long, value_name = "MACHINE", default_value = "pc")]
    pub(crate) machine: String,
    /// dom0's kernel in place of Debian's
    #[arg(long, value_name = "FILE")]
    pub(crate) kernel: Option<PathBuf>,
    /// Boot this guest alone, as dom0: an example, a test guest, or the package at a path
    #[arg(long, value_name = "NAME", conflicts_with_all = ["kernel", "initrd", "exec"])]
    pub(crate) guest: Option<String>,
    /// dom0's initrd in place of ours
    #[arg(long, value_name = "FILE")]
    pub(crate) initrd: Option<PathBuf>,
    /// Put Debian's Xen tools into dom0: xen-start starts what xl needs
    #[arg(long)]
    pub(crate) xen_tools: bool,
    /// Add to the hypervisor's command line
    #[arg(
        long,
        value_name = "OPTIONS",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub(crate) append: String,
    /// Add to the command line of dom0's kernel
    #[arg(
        long,
        value_name = "OPTIONS",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub(crate) dom0_append: String,
    /// Put a file into dom0's initrd, by default as /ringwall/bin/NAME
    #[arg(long, value_name = "FILE[:PATH]")]
    pub(crate) put: Vec<String>,
    /// Boot through GRUB, from a disc
    #[arg(long)]
    pub(crate) iso: bool,
    /// Boot the hypervisor alone
    #[arg(long, hide = true)]
    pub(crate) no_modules: bool,
    /// Count instructions as time: the same run every time
    #[arg(long)]
    pub(crate) icount: bool,
    #[command(flatten)]
    pub(crate) hypervisor: HypervisorArguments,
    /// Further arguments of QEMU
    #[arg(last = true, value_name = "QEMU ARGUMENTS")]
    pub(crate) qemu: Vec<OsString>,
}

/// What is booted in place of Ringwall.
#[derive(Args, Clone, Debug, Default)]
#[group(multiple = false)]
pub(crate) struct HypervisorArguments {
    /// Boot Debian's Xen 4.17 in place of Ringwall
    #[arg(long)]
    pub(crate) xen: bool,
    /// Boot this multiboot image in place of Ringwall
    #[arg(long, value_name = "FILE")]
    pub(crate) hypervisor: Option<PathBuf>,
    /// Boot the kernel without a hypervisor
    #[arg(long)]
    pub(crate) native: bool,
}

impl HypervisorArguments {
    /// Debian's Xen.
    pub(crate) fn xen() -> Self {
        Self {
            xen: true,
            ..Self::default()
        }
    }

    /// No hypervisor.
    pub(crate) fn native() -> Self {
        Self {
            native: true,
            ..Self::default()
        }
    }
}

/// Arguments of `test`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TestArguments {
    /// Tests or groups of tests, by name; `host` for those on the host [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Run those too that take minutes
    #[arg(long)]
    pub(crate) long: bool,
    /// Run the boots on Debian's Xen 4.17, which shows whether a test is wrong
    #[arg(long)]
    pub(crate) xen: bool,
    /// Run the boots on this image, in place of building ours
    #[arg(long, value_name = "FILE", conflicts_with = "xen")]
    pub(crate) hypervisor: Option<PathBuf>,
    /// How many boots run at a time [default: one for each CPU, at most 8]
    #[arg(short, long, value_name = "NUMBER")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Name the boots, and run nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Record what is measured as what is expected: tests/budgets.toml
    #[arg(long)]
    pub(crate) bless: bool,
}

/// Arguments of `bench`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BenchArguments {
    /// What is measured
    #[arg(value_enum, default_value = "operations")]
    pub(crate) subject: BenchSubject,
    /// Measure by the clock, not by counting instructions: it shows what the TLB costs
    #[arg(long)]
    pub(crate) wall: bool,
    /// Leave Ringwall out
    #[arg(long)]
    pub(crate) reference_only: bool,
}

/// What `bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchSubject {
    /// What programs do: native, on Xen and on Ringwall; then the paths and the time to dom0's first line
    Operations,
    /// Reading the clock: native, and in a Linux domU on Xen and on Ringwall; wall time, so of an idle machine
    Clock,
    /// Creating, listing and destroying domains, by xl on Xen and by ringctl on both; wall time, so of an idle machine
    Toolstack,
}

impl Xtask {
    /// Runs the command; the result is the process's exit status.
    pub(crate) fn execute(self) -> Result<u8> {
        match self.command {
            Command::Build => build::build(build::Verbosity::Normal).map(|_| 0),
            Command::Iso => iso::build().map(|_| 0),
            Command::Run(arguments) => run::run(&arguments),
            Command::Test(arguments) => tests::run(&arguments),
            Command::Bench(arguments) => bench::run(&arguments),
            Command::Guest { name } => {
                println!("{}", build::guest(&name)?.display());
                Ok(0)
            }
            Command::NewGuest { path } => new_guest::make(&path).map(|()| 0),
            Command::Tidy => tidy::run(),
            Command::Ci => ci::run(),
        }
    }
}

fn mebibytes(text: &str) -> Result<u32, String> {
    let (digits, factor) = match text.trim_end_matches(['b', 'B']) {
        rest if rest.ends_with(['g', 'G']) => (&rest[..rest.len() - 1], 1024),
        rest if rest.ends_with(['m', 'M']) => (&rest[..rest.len() - 1], 1),
        rest => (rest, 1),
    };
    let number: u32 = digits
        .parse()
        .map_err(|_| "not a size: use 1024, 512M or 2G")?;
    number
        .checked_mul(factor)
        .filter(|size| *size > 0)
        .ok_or_else(|| "too large or zero".into())
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory as _;
        Xtask::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        for (text, size) in [
            ("1024", Some(1024)),
            ("2G", Some(2048)),
            ("512M", Some(512)),
            ("x", None),
        ] {
            assert_eq!(mebibytes(text).ok(), size, "{text}");
        }
    }
}
