//! `ringd`: keeps domains: their store, consoles, devices and lives.
//!
//! One process in dom0. What it must not lose is in `/run/ringwall`: a file for each domain, what the consoles
//! said, and the store's journal. If it is killed, domains go on; when it is started again it takes them up.
#![forbid(unsafe_code)]

mod adopt;
mod console;
mod create;
mod daemon;
mod destroy;
mod domain;
mod dump;
mod events;
mod failure;
mod identity;
mod lifecycle;
mod logger;
mod network;
mod registry;
mod server;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::daemon::Daemon;

/// Keeps domains: their store, consoles, devices and lives.
#[derive(Parser, Debug, Clone)]
#[command(name = "ringd", version)]
pub(crate) struct Settings {
    /// Where ringctl connects
    #[arg(long, value_name = "PATH", default_value = ringwall_api::SOCKET)]
    socket: PathBuf,
    /// What has to outlive this process, but not a restart of dom0
    #[arg(long, value_name = "DIRECTORY", default_value = "/run/ringwall")]
    state: PathBuf,
    /// What domains write to their consoles
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/log/ringwall")]
    logs: PathBuf,
    /// Where clients of the store connect
    #[arg(long, value_name = "PATH", default_value = "/var/run/xenstored/socket")]
    store_socket: PathBuf,
    /// Memory dumps of domains whose policy asks for one
    #[arg(
        long,
        value_name = "DIRECTORY",
        default_value = "/var/lib/ringwall/dump"
    )]
    dumps: PathBuf,
}

fn main() -> ExitCode {
    logger::start();
    let settings = Settings::parse();
    match Daemon::run(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log::error!("{failure}");
            ExitCode::from(failure.kind.status())
        }
    }
}
