//! Counts the event channels of a domain, of dom0 unless another is named: what a toolstack could leave behind.

use std::process::ExitCode;

use ringwall_abi::event_channel::PortStatus;
use ringwall_abi::{DomainId, Errno, Port};
use ringwall_control::{Hypervisor, Result};

/// Ports that a domain can have, with events of two levels.
const PORTS: u32 = 4096;

fn main() -> ExitCode {
    let named = std::env::args().nth(1).and_then(|text| text.parse().ok());
    match count(named.map_or(DomainId::DOM0, DomainId::new)) {
        Ok(number) => {
            println!("{number}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn count(domain: DomainId) -> Result<usize> {
    let hypervisor = Hypervisor::open()?;
    let mut used = 0;
    for port in 1..PORTS {
        match hypervisor.port_status(domain, Port::new(port)) {
            Ok((PortStatus::Closed, _)) => {}
            Ok(_) => used += 1,
            // Beyond those that were ever made.
            Err(error) if error.is(Errno::EINVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(used)
}
