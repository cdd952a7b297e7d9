//! What of the machine a domain may use is set by `XEN_DOMCTL_ioport_permission`, `_iomem_permission` and `_irq_permission`:
//! `public/domctl.h`. Ports and frames that can't be are `EINVAL`. To take away what a domain has not is no error. Ringwall
//! gives no domain but dom0 any, and says `EPERM`: without an IOMMU whoever drives a device has the machine (Lesson 60).
#![no_std]
#![no_main]

use guests::domain::Domain;
use guests::sdk::abi::domctl::{DomctlOp, IomemPermission, IoportPermission, IrqPermission};
use guests::sdk::abi::{Errno, Mfn};
use guests::{Answer, Check, granted, refused, unless_xen};

guests::rule!(check);

fn ports(domain: &Domain, first_port: u32, nr_ports: u32, allow_access: u8) -> Answer {
    let mut argument = IoportPermission {
        first_port,
        nr_ports,
        allow_access,
        ..IoportPermission::default()
    };
    domain.control(DomctlOp::IoportPermission, &mut argument)
}

fn frames(domain: &Domain, first: u64, nr_mfns: u64, allow_access: u8) -> Answer {
    let mut argument = IomemPermission {
        first_mfn: Mfn::new(first),
        nr_mfns,
        allow_access,
        ..IomemPermission::default()
    };
    domain.control(DomctlOp::IomemPermission, &mut argument)
}

fn interrupt(domain: &Domain, pirq: u32, allow_access: u8) -> Answer {
    let mut argument = IrqPermission {
        pirq,
        allow_access,
        ..IrqPermission::default()
    };
    domain.control(DomctlOp::IrqPermission, &mut argument)
}

fn check() -> Check {
    let domain = Domain::new(1)?;
    for (first, count) in [(0, 65_537), (65_536, 1), (u32::MAX, 2)] {
        for allow in [0, 1] {
            let answer = ports(&domain, first, count, allow);
            refused(
                format_args!("{count} ports from {first}"),
                answer,
                &[Errno::EINVAL],
            )?;
        }
    }
    for (first, count) in [(u64::MAX, 2), (1 << 60, u64::MAX)] {
        let answer = frames(&domain, first, count, 1);
        refused(
            format_args!("{count} frames from {first:#x}"),
            answer,
            &[Errno::EINVAL],
        )?;
    }
    granted("no ports", ports(&domain, 0x80, 16, 0))?;
    granted("no frames", frames(&domain, 0xfe000, 16, 0))?;
    for (what, answer) in [
        ("ports", ports(&domain, 0x80, 16, 1)),
        ("frames", frames(&domain, 0xfe000, 16, 1)),
        ("an interrupt", interrupt(&domain, 4, 1)),
    ] {
        unless_xen!(
            answer.is(Errno::EPERM),
            "{what} of a device: {answer}; a domain with a device that masters the bus can write all memory"
        );
    }
    Ok(())
}
