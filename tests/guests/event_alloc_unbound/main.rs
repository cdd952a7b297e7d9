//! `EVTCHNOP_alloc_unbound` makes a port that waits for one domain; only a privileged domain may name
//! another one as the port's owner, and the other end must exist: `public/event_channel.h`. A port that
//! waits for a domain is unbound, and gets its events nowhere.
#![no_std]
#![no_main]

use guests::events::{close, event, status};
use guests::sdk::abi::event_channel::{AllocUnbound, EventChannelOp, PortStatus};
use guests::sdk::abi::{DomainId, Errno};
use guests::{Check, equal, granted, refused};

guests::rule!(check);

fn alloc(dom: DomainId, remote: DomainId) -> (guests::Answer, AllocUnbound) {
    let mut argument = AllocUnbound {
        dom,
        remote_dom: remote,
        ..AllocUnbound::default()
    };
    let answer = event(EventChannelOp::AllocUnbound, &mut argument);
    (answer, argument)
}

fn check() -> Check {
    for owner in [DomainId::SELF, DomainId::DOM0] {
        let (answer, argument) = alloc(owner, DomainId::SELF);
        granted("for itself", answer)?;
        // DOMID_SELF is not kept: the status has the domain's own number.
        let (status, vcpu) = status(argument.port)?;
        equal("status", status, PortStatus::Unbound(DomainId::DOM0))?;
        equal("virtual CPU", vcpu.raw(), 0)?;
        granted("close", close(argument.port))?;
    }
    let nobody = DomainId::new(1234);
    refused(
        "of nobody",
        alloc(nobody, DomainId::SELF).0,
        &[Errno::ESRCH],
    )?;
    let special = DomainId::XEN;
    refused(
        "of the hypervisor",
        alloc(special, DomainId::SELF).0,
        &[Errno::ESRCH],
    )?;
    // A toolstack makes ports before the other domain exists: any ordinary number will do.
    let (answer, argument) = alloc(DomainId::SELF, nobody);
    granted("for a domain to come", answer)?;
    equal(
        "status",
        status(argument.port)?.0,
        PortStatus::Unbound(nobody),
    )
}
