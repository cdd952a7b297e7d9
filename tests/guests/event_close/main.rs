//! `EVTCHNOP_close` frees a port, pending or not; the other end of a connection goes back to waiting for
//! this domain. `public/event_channel.h`. A port that is not open is `EINVAL`, the ABI's port 0 too. A port
//! that was closed while it was pending is not pending when its number is given out again.
#![no_std]
#![no_main]

use guests::events::{NO_PORT, close, event, ipi, is_pending, send, set_masked, status, unbound};
use guests::sdk::abi::event_channel::{BindInterdomain, EventChannelOp, PortStatus};
use guests::sdk::abi::{DomainId, Errno, Port};
use guests::{Check, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    for port in [Port::new(0), NO_PORT, Port::new(u32::MAX), Port::new(4095)] {
        refused(port, close(port), &[Errno::EINVAL])?;
    }
    let port = ipi()?;
    set_masked(port, true);
    granted("send", send(port))?;
    granted("close", close(port))?;
    equal("closed", status(port)?.0, PortStatus::Closed)?;
    refused("twice", close(port), &[Errno::EINVAL])?;
    let again = ipi()?;
    equal("the lowest number is free again", again, port)?;
    ensure!(!is_pending(again), "a new port is pending");

    let far = unbound()?;
    let mut bind = BindInterdomain {
        remote_dom: DomainId::SELF,
        remote_port: far,
        ..BindInterdomain::default()
    };
    granted("bind", event(EventChannelOp::BindInterdomain, &mut bind))?;
    granted("close one end", close(bind.local_port))?;
    let waiting = PortStatus::Unbound(DomainId::DOM0);
    equal("the other end", status(far)?.0, waiting)
}
