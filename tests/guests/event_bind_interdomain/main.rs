//! `EVTCHNOP_bind_interdomain` connects a new port with one that waits for the caller, and raises the new
//! port once: an event that was sent before would be lost otherwise. `public/event_channel.h`. What does
//! not wait for the caller is refused with `EINVAL`, a domain that is none with `ESRCH`.
#![no_std]
#![no_main]

use guests::events::{
    NO_PORT, event, ipi, is_pending, send, set_masked, status, take_pending, unbound,
};
use guests::sdk::abi::event_channel::{AllocUnbound, BindInterdomain, EventChannelOp, PortStatus};
use guests::sdk::abi::{DomainId, Errno, Port};
use guests::{Answer, Check, ensure, equal, granted, refused};

guests::rule!(check);

fn bind(remote: DomainId, port: Port) -> (Answer, Port) {
    let mut argument = BindInterdomain {
        remote_dom: remote,
        remote_port: port,
        ..BindInterdomain::default()
    };
    let answer = event(EventChannelOp::BindInterdomain, &mut argument);
    (answer, argument.local_port)
}

fn check() -> Check {
    let far = unbound()?;
    set_masked(far, true);
    let (answer, near) = bind(DomainId::SELF, far);
    granted("bind", answer)?;
    set_masked(near, true);
    ensure!(is_pending(near), "the new port is not pending");
    ensure!(!is_pending(far), "the other end is pending");
    let me = DomainId::DOM0;
    equal("near", status(near)?.0, PortStatus::Interdomain(me, far))?;
    equal("far", status(far)?.0, PortStatus::Interdomain(me, near))?;
    take_pending(near);
    granted("send", send(far))?;
    ensure!(take_pending(near), "an event did not arrive");
    ensure!(!is_pending(far), "the event came back");
    granted("send", send(near))?;
    ensure!(
        take_pending(far),
        "an event did not arrive at the other end"
    );

    refused(
        "what is bound",
        bind(DomainId::SELF, far).0,
        &[Errno::EINVAL],
    )?;
    refused(
        "what is no port",
        bind(DomainId::SELF, NO_PORT).0,
        &[Errno::EINVAL],
    )?;
    refused(
        "port 0",
        bind(DomainId::SELF, Port::new(0)).0,
        &[Errno::EINVAL],
    )?;
    refused("an IPI", bind(DomainId::SELF, ipi()?).0, &[Errno::EINVAL])?;
    refused(
        "of nobody",
        bind(DomainId::new(1234), far).0,
        &[Errno::ESRCH],
    )?;
    let mut for_another = AllocUnbound {
        dom: DomainId::SELF,
        remote_dom: DomainId::new(7),
        ..AllocUnbound::default()
    };
    granted(
        "alloc",
        event(EventChannelOp::AllocUnbound, &mut for_another),
    )?;
    let (answer, _) = bind(DomainId::SELF, for_another.port);
    refused("what waits for another", answer, &[Errno::EINVAL])
}
