//! The table of operations in `README.md`.

use ringwall_abi::Hypercall;

const STATES: [&str; 4] = ["done", "partial", "refused", "absent"];

/// The subfunctions as the table has them: number and header's name.
macro_rules! table {
    ($($path:ident)::+) => {
        ringwall_abi::$($path)::+::TABLE
            .iter()
            .map(|(value, name)| format!("{} {name}", value.number()))
            .collect()
    };
}

fn subfunctions(hypercall: Hypercall) -> Vec<String> {
    match hypercall {
        Hypercall::MmuUpdate => table!(xen::MmuUpdateCommand),
        Hypercall::PlatformOp => table!(platform::PlatformOp),
        Hypercall::MemoryOp => table!(memory::MemoryOp),
        Hypercall::XenVersion => table!(version::VersionOp),
        Hypercall::ConsoleIo => table!(xen::ConsoleIoOp),
        Hypercall::GrantTableOp => table!(grant_table::GrantOp),
        Hypercall::VmAssist => table!(xen::VmAssistType),
        Hypercall::VcpuOp => table!(vcpu::VcpuOp),
        Hypercall::SetSegmentBase => table!(arch_x86::SegmentBase),
        Hypercall::MmuextOp => table!(xen::MmuExtCommand),
        Hypercall::NmiOp => table!(nmi::NmiOp),
        Hypercall::SchedOp => table!(sched::SchedOp),
        Hypercall::CallbackOp => table!(callback::CallbackOp),
        Hypercall::EventChannelOp => table!(event_channel::EventChannelOp),
        Hypercall::PhysdevOp => table!(physdev::PhysdevOp),
        Hypercall::Sysctl => table!(sysctl::SysctlOp),
        Hypercall::Domctl => table!(domctl::DomctlOp),
        Hypercall::Mca => table!(arch_x86::mca::McaOp),
        _ => Vec::new(),
    }
}

#[test]
fn each_operation_has_one_row_in_order() {
    let mut expected = Vec::new();
    for (hypercall, name) in Hypercall::TABLE {
        let number = hypercall.number().to_string();
        let name = name.trim_start_matches("__HYPERVISOR_").to_owned();
        expected.push([number.clone(), name.clone(), String::new()]);
        for subfunction in subfunctions(*hypercall) {
            expected.push([number.clone(), name.clone(), subfunction]);
        }
    }
    let found: Vec<[String; 3]> = rows()
        .map(|[number, name, subfunction, ..]| [number, name, subfunction].map(str::to_owned))
        .collect();
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.len(), found.len());
}

#[test]
fn each_row_has_a_state_and_a_remark_where_the_state_needs_one() {
    for row in rows() {
        let [.., state, remark] = row;
        assert!(STATES.contains(&state), "unknown state in {row:?}");
        let explained = matches!(state, "done" | "absent") || !remark.is_empty();
        assert!(explained, "{state} needs a remark in {row:?}");
    }
}

fn rows() -> impl Iterator<Item = [&'static str; 5]> {
    include_str!("../README.md")
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            cells
                .try_into()
                .unwrap_or_else(|cells| panic!("not five columns: {cells:?}"))
        })
}
