//! Power over others and over the machine: every operation of the control interface.

use guests::{address_mut, ask, ask_number};
use ringwall_sdk::abi::{DomainId, Hypercall, domctl, platform, sysctl};

use super::Tally;

pub(super) fn trespass(other: DomainId, tally: &mut Tally) {
    let domain = u64::from(other.raw());
    let mut operate = |number: Hypercall, operation: u64, version: u32, second: u64| {
        // Of all three the first word is the operation and the version; domctl's domain is next.
        let mut request = [0_u64; 32];
        request[0] = u64::from(version) << 32 | operation;
        request[1] = second;
        // Where a body starts with a list, it has room for nothing.
        let answer = ask(number, [address_mut(&mut request)]);
        let name = number.header_name();
        tally.hypercall(answer, format_args!("{name} {operation} of {other}"));
    };
    for operation in 1..=90 {
        operate(
            Hypercall::Domctl,
            operation,
            domctl::INTERFACE_VERSION,
            domain,
        );
    }
    for operation in 1..=40 {
        operate(
            Hypercall::Sysctl,
            operation,
            sysctl::INTERFACE_VERSION,
            domain,
        );
    }
    for operation in 1..=80 {
        operate(
            Hypercall::PlatformOp,
            operation,
            platform::INTERFACE_VERSION,
            domain,
        );
    }
    others(domain, tally);
}

fn others(domain: u64, tally: &mut Tally) {
    // SCHEDOP_remote_shutdown: the domain, the reason.
    let mut shutdown = [domain | 3 << 32, 0];
    let answer = ask(Hypercall::SchedOp, [4, address_mut(&mut shutdown)]);
    tally.hypercall(answer, format_args!("remote_shutdown of {domain}"));
    // public/physdev.h: APIC read and write, map and unmap a PIRQ, PCI devices, GSIs, MSI, the debug port.
    for operation in [8, 9, 13, 14, 15, 16, 20, 21, 24, 25, 26, 28, 29, 30, 31] {
        let mut argument = [domain, 1, 1, 1, 1, 1];
        let answer = ask(
            Hypercall::PhysdevOp,
            [operation, address_mut(&mut argument)],
        );
        tally.hypercall(answer, format_args!("physdev_op {operation} of {domain}"));
    }
    // HVMOP set_param and get_param; XSM, kexec, transcendent memory, performance counters, Argo, hypfs; Ringwall's own.
    for number in [34, 27, 37, 38, 40, 39, 42, 49] {
        for operation in 0..4 {
            let mut argument = [domain, 0, 0, 0];
            let place = address_mut(&mut argument);
            let answer = ask_number(number, [operation, place, 0, place, 0]);
            tally.hypercall(answer, format_args!("hypercall {number}, {operation}"));
        }
    }
}
