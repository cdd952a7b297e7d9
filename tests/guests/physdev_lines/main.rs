//! A pin of an IO-APIC is set up by `PHYSDEVOP_setup_gsi`, mapped to the PIRQ of its number, and bound to a port; its status
//! and end are asked for by that number: `public/physdev.h`. `PHYSDEVOP_apic_read` reads an IO-APIC where there is one.
#![no_std]
#![no_main]

use guests::control::{NOBODY, physdev};
use guests::events::{NO_PORT, close, event, status};
use guests::sdk::abi::event_channel::{BindPirq, EventChannelOp, PortStatus};
use guests::sdk::abi::physdev::{
    ApicAccess, Eoi, IrqStatusQuery, IrqVector, MapPirq, MapPirqType, PhysdevOp, SetupGsi,
    UnmapPirq,
};
use guests::sdk::abi::{DomainId, Errno, MachineAddress};
use guests::{Answer, Check, ensure, equal, granted, refused, unless_xen};

guests::rule!(check);

/// A pin that nothing of this machine uses.
const PIN: i32 = 5;
const PIRQ: u32 = 5;
const IO_APIC: u64 = 0xfec0_0000;

fn bind(pirq: u32) -> (Answer, BindPirq) {
    let mut argument = BindPirq {
        pirq,
        port: NO_PORT,
        ..BindPirq::default()
    };
    (event(EventChannelOp::BindPirq, &mut argument), argument)
}

fn unmap(domid: DomainId, pirq: i32) -> Answer {
    let mut argument = UnmapPirq {
        domid,
        pirq,
        ..UnmapPirq::default()
    };
    physdev(PhysdevOp::UnmapPirq, &mut argument)
}

fn check() -> Check {
    let mut pin = SetupGsi {
        gsi: PIN,
        triggering: 1,
        polarity: 1,
        ..SetupGsi::default()
    };
    granted("setup_gsi", physdev(PhysdevOp::SetupGsi, &mut pin))?;
    for gsi in [-1, 4000, i32::MAX] {
        let mut none = SetupGsi { gsi, ..pin };
        refused(
            "no pin",
            physdev(PhysdevOp::SetupGsi, &mut none),
            &[Errno::EINVAL],
        )?;
    }
    let map = MapPirq {
        domid: DomainId::SELF,
        kind: MapPirqType::Gsi as i32,
        index: PIN,
        pirq: PIN,
        ..MapPirq::default()
    };
    let mut own = map;
    granted("map_pirq", physdev(PhysdevOp::MapPirq, &mut own))?;
    equal("the PIRQ of the pin", own.pirq, PIN)?;
    let mut nobodys = MapPirq {
        domid: NOBODY,
        ..map
    };
    let answer = physdev(PhysdevOp::MapPirq, &mut nobodys);
    refused("nobody's", answer, &[Errno::EPERM, Errno::ESRCH])?;
    let mut vector = IrqVector {
        irq: PIRQ,
        ..IrqVector::default()
    };
    granted(
        "alloc_irq_vector",
        physdev(PhysdevOp::AllocIrqVector, &mut vector),
    )?;

    let (answer, bound) = bind(PIRQ);
    granted("bind_pirq", answer)?;
    equal("status", status(bound.port)?.0, PortStatus::Pirq(PIRQ))?;
    refused("twice", bind(PIRQ).0, &[Errno::EEXIST])?;
    for none in [200_000, u32::MAX] {
        refused("no PIRQ", bind(none).0, &[Errno::EINVAL])?;
    }
    let mut query = IrqStatusQuery {
        irq: PIRQ,
        ..IrqStatusQuery::default()
    };
    granted(
        "irq_status_query",
        physdev(PhysdevOp::IrqStatusQuery, &mut query),
    )?;
    granted("eoi", physdev(PhysdevOp::Eoi, &mut Eoi { irq: PIRQ }))?;
    refused(
        "nobody's",
        unmap(NOBODY, PIN),
        &[Errno::EPERM, Errno::ESRCH],
    )?;
    granted("close", close(bound.port))?;
    let (answer, bound) = bind(PIRQ);
    granted("bound again", answer)?;
    let early = unmap(DomainId::SELF, PIN);
    unless_xen!(
        early.is(Errno::EBUSY),
        "unmap_pirq with a port bound: {early}; the port would be one of nothing"
    );
    close(bound.port);
    if !early.is_ok() {
        granted("unmap_pirq", unmap(DomainId::SELF, PIN))?;
    }
    refused(
        "unmapped twice",
        unmap(DomainId::SELF, PIN),
        &[Errno::EINVAL],
    )?;
    io_apic()
}

fn io_apic() -> Check {
    let mut version = ApicAccess {
        apic_physbase: MachineAddress::new(IO_APIC),
        reg: 1,
        value: 0,
    };
    granted("apic_read", physdev(PhysdevOp::ApicRead, &mut version))?;
    let pins = (version.value >> 16 & 0xff) + 1;
    ensure!((16..=240).contains(&pins), "an IO-APIC of {pins} pins");
    for base in [0, 0x1000, IO_APIC + 0x1000] {
        let mut none = ApicAccess {
            apic_physbase: MachineAddress::new(base),
            ..version
        };
        let answer = physdev(PhysdevOp::ApicRead, &mut none);
        refused("no IO-APIC", answer, &[Errno::EINVAL])?;
        let answer = physdev(PhysdevOp::ApicWrite, &mut none);
        refused("a write to none", answer, &[Errno::EINVAL, Errno::EPERM])?;
    }
    Ok(())
}
