//! `EVTCHNOP_status` says what a port is; a privileged domain may ask for another one's.
//! `public/event_channel.h`. A port out of range is `EINVAL`, a domain that is none `ESRCH`.
#![no_std]
#![no_main]

use guests::events::{NO_PORT, event, ipi, status};
use guests::sdk::abi::event_channel::{EventChannelOp, EventChannelStatus, PortStatus};
use guests::sdk::abi::{DomainId, Errno, Port};
use guests::{Answer, Check, equal, refused};

guests::rule!(check);

fn ask_of(dom: DomainId, port: Port) -> Answer {
    let mut argument = EventChannelStatus {
        dom,
        port,
        ..EventChannelStatus::default()
    };
    event(EventChannelOp::Status, &mut argument)
}

fn check() -> Check {
    let next = Port::new(ipi()?.raw() + 1);
    equal("never opened", status(next)?.0, PortStatus::Closed)?;
    refused("no port", ask_of(DomainId::SELF, NO_PORT), &[Errno::EINVAL])?;
    refused(
        "no port",
        ask_of(DomainId::SELF, Port::new(u32::MAX)),
        &[Errno::EINVAL],
    )?;
    refused(
        "of nobody",
        ask_of(DomainId::new(1234), Port::new(1)),
        &[Errno::ESRCH],
    )
}
