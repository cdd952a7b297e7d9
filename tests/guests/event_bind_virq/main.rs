//! `EVTCHNOP_bind_virq` binds a virtual interrupt to a port: once for each virtual CPU or, for those of the
//! whole machine, once on virtual CPU 0. `public/event_channel.h`. A second binding is `EEXIST`, a number
//! that is none or a global one elsewhere `EINVAL`, a virtual CPU that is none `ENOENT`.
#![no_std]
#![no_main]

use guests::events::{close, event, status, virq};
use guests::sdk::abi::event_channel::{BindVirq, EventChannelOp, PortStatus};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{Errno, VcpuId};
use guests::{Answer, Check, equal, granted, refused};

guests::rule!(check);

fn bind(virq: u32, vcpu: u32) -> Answer {
    let mut argument = BindVirq {
        virq,
        vcpu: VcpuId::new(vcpu),
        ..BindVirq::default()
    };
    event(EventChannelOp::BindVirq, &mut argument)
}

fn check() -> Check {
    for number in [
        Virq::Timer,
        Virq::Debug,
        Virq::Console,
        Virq::DomExc,
        Virq::ConRing,
    ] {
        let port = virq(number)?;
        let bound = PortStatus::Virq(number.number());
        equal(number, status(port)?.0, bound)?;
        refused("a second time", bind(number.number(), 0), &[Errno::EEXIST])?;
        granted("close", close(port))?;
        let again = virq(number)?;
        equal("again", status(again)?.0, bound)?;
    }
    for number in [Virq::COUNT, 5000, u32::MAX] {
        refused(number, bind(number, 0), &[Errno::EINVAL])?;
    }
    for vcpu in [1000, u32::MAX] {
        refused(
            "no virtual CPU",
            bind(Virq::Timer.number(), vcpu),
            &[Errno::ENOENT],
        )?;
    }
    let elsewhere = bind(Virq::PcpuState.number(), 1);
    refused(
        "global elsewhere",
        elsewhere,
        &[Errno::EINVAL, Errno::ENOENT],
    )
}
