//! The commands and their arguments.

mod device;
mod domain;
mod parse;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use ringwall_api::Condition;

pub(crate) use device::{DiskCommand, MemoryCommand, NetCommand, StoreCommand, VcpuCommand};
pub(crate) use domain::{Create, EndDomains, WhichDomains};

const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  something without a status of its own failed
  2  the command line is not right
  3  there is no such domain, device or store node
  4  a name, disk, bridge or address is in use
  5  the guest file, the kernel or an image is not right
  6  there is not enough memory, or of something else
  7  the time was up
  8  ringd can't be reached
  9  the hypervisor or the guest refuses it

DOMAIN is a domain's name or its number.";

/// Creates, watches and ends domains.
#[derive(Parser)]
#[command(name = "ringctl", version, after_help = EXIT_STATUS, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print JSON: one value, or one on each line of a stream
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) color: Color,
    /// Where ringd listens [default: /run/ringwall/ringd.sock]
    #[arg(long, global = true, value_name = "PATH", hide = true)]
    pub(crate) socket: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When colours are used.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a domain from a guest file, in TOML or as xl has it
    Create(Create),
    /// List the domains
    #[command(visible_alias = "ls")]
    List,
    /// Show all that is known of a domain
    Info { domain: String },
    /// End domains at once, without asking them
    Destroy(WhichDomains),
    /// Ask domains to switch themselves off
    Shutdown(EndDomains),
    /// Ask domains to restart
    Reboot(EndDomains),
    /// Stop domains from running
    Pause(WhichDomains),
    /// Let domains run again
    Unpause(WhichDomains),
    /// Attach to a domain's console, what it wrote so far first; Ctrl-] detaches
    Console { domain: String },
    /// Print what a domain wrote to its console, also after its end
    Logs {
        domain: String,
        /// Go on while the domain runs
        #[arg(short, long)]
        follow: bool,
        /// Leave out what is older: 10m, 2h, or 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME", value_parser = parse::since)]
        since: Option<u64>,
        /// Put the time before each line
        #[arg(short, long)]
        timestamps: bool,
    },
    /// Wait for a domain
    Wait {
        domain: String,
        /// For what: running, network, console:REGEX or shutdown
        #[arg(long = "for", value_name = "CONDITION", value_parser = Condition::parse)]
        condition: Condition,
        /// Give up after so long, with status 7: 30s, 5m
        #[arg(long, value_name = "TIME", value_parser = parse::duration)]
        timeout: Option<Duration>,
    },
    /// Virtual CPUs: list, pin, set
    #[command(subcommand)]
    Vcpu(VcpuCommand),
    /// Memory: set, max
    #[command(subcommand)]
    Memory(MemoryCommand),
    /// Disks: attach, detach, list
    #[command(subcommand)]
    Disk(DiskCommand),
    /// Network cards: attach, detach, list
    #[command(subcommand)]
    Net(NetCommand),
    /// Print the hypervisor's log
    Dmesg,
    /// Watch the machine and its domains
    Top {
        /// Which numbers
        #[arg(long, value_name = "WHAT", default_value = "load")]
        show: crate::top::Show,
        /// Time between two looks
        #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse::duration)]
        interval: Duration,
        /// End after so many looks; without a terminal, one is the default
        #[arg(short = 'n', long, value_name = "NUMBER")]
        iterations: Option<u32>,
    },
    /// Give a domain another name
    Rename { domain: String, name: String },
    /// Press one of Linux's magic keys in a domain
    Sysrq { domain: String, key: char },
    /// Write a domain's memory to a file, an ELF core
    DumpCore { domain: String, file: PathBuf },
    /// The store: ls, read, write, rm, watch
    #[command(subcommand)]
    Store(StoreCommand),
    /// Check a guest file or a kernel: is it one for PV, how is it packed, does it fit into memory
    Check {
        /// A guest file, or a kernel
        file: PathBuf,
        /// Set keys over what the guest file says; memory= also with a kernel alone
        #[arg(value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
    /// Say what a domain is waiting for
    Explain { domain: String },
    /// Print the completions for a shell
    Completions { shell: clap_complete::Shell },
    /// Print what happened to domains
    Events {
        /// Go on with what happens
        #[arg(short, long)]
        follow: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use ringwall_api::Kind;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_and_the_readme_have_all_statuses() {
        let readme = include_str!("../../README.md");
        for (kind, about) in Kind::ALL {
            let row = format!("| {} | {about} |", kind.status());
            assert!(readme.lines().any(|other| other == row), "{row}");
            let line = format!("  {}  {about}", kind.status());
            assert!(EXIT_STATUS.lines().any(|other| other == line), "{line}");
        }
    }
}
