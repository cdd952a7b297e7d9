//! What reading the clock takes: in native Linux, and in a Linux domU of Xen's and of Ringwall's.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::cli::{HypervisorArguments, RunArguments};
use crate::{debian, tests};

/// For one boot.
const LIMIT: Duration = Duration::from_secs(300);
/// Of each the least counts: other work of the host's only adds.
const ROUNDS: usize = 3;
/// What is measured, with what it is called in the table.
const READS: [(&str, &str); 2] = [
    ("clock_read_ns", "clock_gettime"),
    ("clock_system_call_ns", "clock_gettime, by a system call"),
];

/// Runs all boots and prints the table; the result is the process's exit status.
pub(super) fn run() -> Result<u8> {
    let native = HypervisorArguments::native();
    let xen = HypervisorArguments::xen();
    let mut least = [[f64::INFINITY; READS.len()]; 3];
    for _ in 0..ROUNDS {
        // In turn, so that all have the same host.
        let hypervisors = [native.clone(), xen.clone(), HypervisorArguments::default()];
        for (column, hypervisor) in least.iter_mut().zip(hypervisors) {
            for (least, ns) in column.iter_mut().zip(reads(hypervisor)?) {
                *least = least.min(ns);
            }
        }
    }
    println!(
        "{:34}{:>10}{:>14}{:>8}{:>18}{:>8}",
        "ns, the least of all rounds",
        "native",
        "domU of Xen",
        "ratio",
        "domU of Ringwall",
        "ratio"
    );
    let [native, xen, own] = least;
    for ((((_, shown), native), xen), own) in READS.iter().zip(native).zip(xen).zip(own) {
        println!(
            "{shown:34}{native:10.0}{xen:14.0}{:8.2}{own:18.0}{:8.2}",
            xen / native,
            own / native
        );
    }
    Ok(0)
}

/// The nanoseconds of one boot, as [`READS`] has them.
fn reads(hypervisor: HypervisorArguments) -> Result<[f64; READS.len()]> {
    let native = hypervisor.native;
    let options = RunArguments {
        memory: 1024,
        cpus: 1,
        machine: "pc".to_owned(),
        dom0_append: "mitigations=off".to_owned(),
        xen_tools: !native,
        bare: native,
        put: vec![format!("{}:/vmlinuz", debian::kernel()?.image.display())],
        hypervisor,
        ..RunArguments::default()
    };
    let commands = if native {
        "/ringwall/bin/clockread"
    } else {
        tests::CLOCK
    };
    let column = super::boot(&options, commands, &tests::programs(&["clockread"])?, LIMIT)?;
    let find = |name: &str| -> Result<f64> {
        let read = column.iter().find(|(other, _)| other == name);
        let (_, ns) = read.with_context(|| format!("no {name}= in output"))?;
        Ok(*ns)
    };
    let [first, second] = READS.map(|(name, _)| find(name));
    Ok([first?, second?])
}
