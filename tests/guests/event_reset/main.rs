//! `EVTCHNOP_reset` closes all ports of a domain, and its numbers start anew: `public/event_channel.h`.
//! Lesson 39: it goes on where it was preempted, and nothing that was open stays so.
#![no_std]
#![no_main]

use guests::events::{event, ipi, send, status, unbound, virq};
use guests::sdk::abi::event_channel::{EventChannelOp, PortStatus, Reset};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{DomainId, Errno};
use guests::{Answer, Check, equal, granted, refused};

guests::rule!(check);

fn reset(dom: DomainId) -> Answer {
    event(EventChannelOp::Reset, &mut Reset { dom })
}

fn check() -> Check {
    let first = ipi()?;
    granted("send", send(first))?;
    let mut last = virq(Virq::Timer)?;
    for _ in 0..600 {
        last = unbound()?;
    }
    refused("of nobody", reset(DomainId::new(1234)), &[Errno::ESRCH])?;
    equal("before", status(first)?.0, PortStatus::Ipi)?;
    granted("reset", reset(DomainId::SELF))?;
    for port in [first, last] {
        equal("after", status(port)?.0, PortStatus::Closed)?;
    }
    granted("reset of nothing", reset(DomainId::SELF))?;
    equal("the first port again", ipi()?, first)?;
    virq(Virq::Timer).map(|_| ())
}
