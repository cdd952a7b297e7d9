//! What operations of programs cost native, on Xen and on Ringwall.

use std::time::Duration;

use anyhow::Result;

use crate::cli::{BenchArguments, HypervisorArguments, RunArguments};
use crate::tests;

/// For one boot under instruction counting.
const LIMIT: Duration = Duration::from_secs(900);
/// Operations that programs do all the time: the geometric mean is over these.
const COMMON: [&str; 11] = [
    "null_syscall",
    "read_1B",
    "signal",
    "anon_fault",
    "prot_fault",
    "mmap_64k",
    "fork_exit",
    "fork_exec",
    "thread",
    "pipe_pingpong",
    "file_create",
];

/// What one boot measured: nanoseconds by operation, in the order in which they came.
type Column = Vec<(String, f64)>;

/// Runs all boots and prints the table; the result is the process's exit status.
pub(super) fn run(arguments: &BenchArguments) -> Result<u8> {
    let native = HypervisorArguments::native();
    let xen = HypervisorArguments::xen();
    let ringwall = HypervisorArguments::default();
    let native = column(native, arguments)?;
    let xen = column(xen, arguments)?;
    let own = if arguments.reference_only {
        None
    } else {
        Some(column(ringwall, arguments)?)
    };
    print_table(&native, &xen, own.as_ref());
    if !arguments.reference_only {
        tests::compare_paths()?;
    }
    Ok(0)
}

fn column(hypervisor: HypervisorArguments, arguments: &BenchArguments) -> Result<Column> {
    let options = RunArguments {
        memory: 1024,
        cpus: 1,
        machine: "pc".to_owned(),
        // Neither side pays for what the other does not do.
        append: match hypervisor.xen {
            true => "dom0_mem=700M,max:700M spec-ctrl=no xpti=no".to_owned(),
            false => "dom0_mem=700M,max:700M".to_owned(),
        },
        dom0_append: "mitigations=off".to_owned(),
        icount: !arguments.wall,
        hypervisor,
        bare: true,
        ..RunArguments::default()
    };
    let commands = "echo boot_to_init=${boot_to_init}e9; /ringwall/bin/bench";
    super::boot(&options, commands, &tests::programs(&["bench"])?, LIMIT)
}

fn print_table(native: &Column, xen: &Column, own: Option<&Column>) {
    println!(
        "{:16}{:>14}{:>14}{:>8}{:>14}{:>8}{:>8}",
        "ns", "native", "Xen", "ratio", "Ringwall", "ratio", "to Xen"
    );
    let find = |column: &Column, name: &str| {
        column
            .iter()
            .find(|(other, _)| other == name)
            .map_or(f64::NAN, |(_, value)| *value)
    };
    let mut products = [0.0; 3];
    for (name, base) in native {
        let xen = find(xen, name);
        let own = own.map_or(f64::NAN, |own| find(own, name));
        println!(
            "{name:16}{base:14.0}{xen:14.0}{:8.2}{own:14.0}{:8.2}{:8.2}",
            xen / base,
            own / base,
            own / xen
        );
        if COMMON.contains(&name.as_str()) {
            let ratios = [xen / base, own / base, own / xen];
            products
                .iter_mut()
                .zip(ratios)
                .for_each(|(sum, ratio): (&mut f64, f64)| *sum += ratio.ln());
        }
    }
    let [xen, own, to_xen] = products.map(|sum| (sum / 11.0).exp());
    println!(
        "{:16}{:14}{:14}{xen:8.2}{:14}{own:8.2}{to_xen:8.2}",
        "geometric mean", "", "", ""
    );
}
