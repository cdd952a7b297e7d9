//! A xenstore server alone: `serve [DIRECTORY [SOCKET]]`. In dom0 it serves domains too, elsewhere the socket.

use std::error::Error;
use std::sync::Arc;

use ringwall_control::Hypervisor;
use ringwall_xenstore::{ControlDomain, Machine, NoDomains, Options, Server};

fn main() -> Result<(), Box<dyn Error>> {
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(log::LevelFilter::Info);
    }
    let mut arguments = std::env::args_os().skip(1);
    let directory = arguments
        .next()
        .unwrap_or_else(|| "/run/ringwall/xenstore".into());
    let socket = arguments
        .next()
        .unwrap_or_else(|| "/run/xenstored/socket".into());
    let options = Options {
        socket: Some(socket.into()),
        directory: Some(directory.into()),
        ..Options::default()
    };
    let machine: Box<dyn Machine> = match Hypervisor::open() {
        Ok(hypervisor) => Box::new(ControlDomain::open(Arc::new(hypervisor))?),
        Err(error) => {
            log::warn!("no domains are served: {error}");
            Box::new(NoDomains)
        }
    };
    Server::open(&options, machine)?.run()?;
    Ok(())
}

/// Writes what is logged to standard error.
struct Stderr;

impl log::Log for Stderr {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        eprintln!("{}: {}", record.level(), record.args());
    }

    fn flush(&self) {}
}
