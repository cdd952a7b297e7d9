//! What creating, listing and destroying domains takes: `xl` on Xen, and `ringctl` on Xen and on Ringwall.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use crate::cli::{HypervisorArguments, RunArguments};
use crate::{build, debian, tests};

/// For one boot.
const LIMIT: Duration = Duration::from_secs(600);
const XL: &str = include_str!("toolstack/xl.sh");
const RINGCTL: &str = include_str!("toolstack/ringctl.sh");

/// What is measured, with what it is called in the table.
const OPERATIONS: [(&str, &str); 8] = [
    ("create_small", "create --paused, small kernel, 128 MiB"),
    ("destroy_small", "destroy of it"),
    ("create_debian", "create --paused, Debian's kernel, 256 MiB"),
    ("destroy_debian", "destroy of it"),
    ("list", "list"),
    ("true", "(a process that does nothing)"),
    ("create_first", "create of the first of 100, 16 MiB"),
    ("create_hundredth", "create of the hundredth"),
];

/// Rates of the store through its socket, a second.
const RATES: [(&str, &str); 6] = [
    ("echo", "(two processes that send a message to and fro)"),
    ("write", "store write"),
    ("read", "store read"),
    ("mixed", "writes and reads in turn"),
    ("transaction", "transaction of two writes"),
    ("pipelined", "writes, 32 sent at a time"),
];

/// Nanoseconds of each round, by operation.
type Column = BTreeMap<String, Vec<f64>>;

/// Runs all boots and prints the table; the result is the process's exit status.
pub(super) fn run() -> Result<u8> {
    let xen = HypervisorArguments::xen();
    let xl = column(xen.clone(), XL)?;
    let on_xen = column(xen, RINGCTL)?;
    let own = column(HypervisorArguments::default(), RINGCTL)?;
    println!(
        "{:44}{:>20}{:>20}{:>20}{:>9}",
        "ms: the first, and the median of the others",
        "xl, Xen",
        "ringctl, Xen",
        "ringctl, Ringwall",
        "times"
    );
    for (name, shown) in OPERATIONS {
        let [xl, on_xen, own] = [&xl, &on_xen, &own].map(|column| column.get(name));
        let times = match (
            xl.and_then(|rounds| median(rounds)),
            own.and_then(|rounds| median(rounds)),
        ) {
            (Some(xl), Some(own)) => format!("{:.1}", xl / own),
            _ => String::new(),
        };
        println!(
            "{shown:44}{:>20}{:>20}{:>20}{times:>9}",
            cell(xl),
            cell(on_xen),
            cell(own)
        );
    }
    println!(
        "\n{:48}{:>16}{:>20}{:>20}",
        "a second, one client", "xenstored, Xen", "ringd, Xen", "ringd, Ringwall"
    );
    for (name, shown) in RATES {
        let [xenstored, on_xen, own] = [&xl, &on_xen, &own].map(|column| {
            let rates = column.get(name).and_then(|rates| rates.first());
            rates.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}"))
        });
        println!("{shown:48}{xenstored:>16}{on_xen:>20}{own:>20}");
    }
    Ok(0)
}

fn column(hypervisor: HypervisorArguments, commands: &str) -> Result<Column> {
    let stock = commands == XL;
    let put = [
        format!("{}:/bench/small", build::guest("hello")?.display()),
        format!("{}:/bench/debian", debian::kernel()?.image.display()),
    ];
    let options = RunArguments {
        memory: 3072,
        cpus: 1,
        machine: "pc".to_owned(),
        append: "dom0_mem=1G,max:1G".to_owned(),
        xen_tools: stock,
        put: put.into(),
        // The machine's memory is there when it starts, and is not made by QEMU's host while it is first touched.
        qemu: vec!["-mem-prealloc".into()],
        hypervisor,
        ..RunArguments::default()
    };
    let mut programs = tests::programs(&["stopwatch"])?;
    programs.extend(build::tools(&["ringwall-xenstore:store-bench"])?);
    let mut column = Column::new();
    for (name, value) in super::boot(&options, commands, &programs, LIMIT)? {
        column.entry(name).or_default().push(value);
    }
    Ok(column)
}

/// The median of all rounds but the first; the first where it is alone.
fn median(rounds: &[f64]) -> Option<f64> {
    let mut others = match rounds {
        [] => return None,
        [only] => return Some(*only),
        [_, others @ ..] => others.to_vec(),
    };
    others.sort_by(f64::total_cmp);
    others.get(others.len() / 2).copied()
}

fn cell(rounds: Option<&Vec<f64>>) -> String {
    let milliseconds = |ns: f64| format!("{:.1}", ns / 1e6);
    match rounds.map(Vec::as_slice) {
        None | Some([]) => "-".to_owned(),
        Some([only]) => milliseconds(*only),
        Some(rounds @ [first, ..]) => format!(
            "{}  {}",
            milliseconds(*first),
            median(rounds).map(milliseconds).unwrap_or_default()
        ),
    }
}
