//! Commands below `vcpu`, `memory`, `disk`, `net` and `store`.

use clap::Subcommand;

use super::parse;

#[derive(Subcommand)]
pub(crate) enum VcpuCommand {
    /// List a domain's virtual CPUs
    List { domain: String },
    /// Say on which CPUs a virtual CPU may run
    Pin {
        domain: String,
        /// Its number, or all
        #[arg(value_parser = parse::vcpu)]
        vcpu: parse::Vcpu,
        /// 0-3, 0,2, or all
        cpus: String,
    },
    /// Ask a domain to use so many virtual CPUs
    Set { domain: String, count: u32 },
}

#[derive(Subcommand)]
pub(crate) enum MemoryCommand {
    /// Ask a domain to use so much memory: 256M, 1G
    Set {
        domain: String,
        #[arg(value_parser = ringwall_guestfile::parse_kib)]
        size: u64,
    },
    /// Set the most memory that a domain may have: 256M, 1G
    Max {
        domain: String,
        #[arg(value_parser = ringwall_guestfile::parse_kib)]
        size: u64,
    },
}

#[derive(Subcommand)]
pub(crate) enum DiskCommand {
    /// List a domain's disks
    List { domain: String },
    /// Give a domain a disk: /images/a.img,raw,xvdb,rw
    Attach { domain: String, disk: String },
    /// Take a disk away
    Detach {
        domain: String,
        /// The guest's name of it: xvdb
        device: String,
        /// Don't wait for the guest
        #[arg(long)]
        force: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum NetCommand {
    /// List a domain's network cards
    List { domain: String },
    /// Give a domain a network card: mac=00:16:3e:01:02:03,bridge=br0
    Attach {
        domain: String,
        #[arg(default_value = "")]
        net: String,
    },
    /// Take a network card away
    Detach {
        domain: String,
        /// Its index, or its hardware address
        device: String,
        /// Don't wait for the guest
        #[arg(long)]
        force: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// List the nodes below one
    Ls {
        #[arg(default_value = "/")]
        path: String,
        /// All of them, not the next level alone
        #[arg(short, long)]
        recursive: bool,
    },
    /// Print a node's value
    Read { path: String },
    /// Write a node
    Write { path: String, value: String },
    /// Remove a node with all below it
    Rm { path: String },
    /// Print the changes of a node and those below it
    Watch { path: String },
}
