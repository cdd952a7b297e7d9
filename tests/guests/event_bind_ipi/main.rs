//! `EVTCHNOP_bind_ipi` makes a port by which a virtual CPU is notified by its own domain; what is sent there
//! is pending at once. `public/event_channel.h`. A virtual CPU that is none is `ENOENT`.
#![no_std]
#![no_main]

use guests::events::{event, ipi, send, set_masked, status, take_pending};
use guests::sdk::abi::event_channel::{BindIpi, EventChannelOp, PortStatus};
use guests::sdk::abi::{Errno, VcpuId};
use guests::{Check, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let port = ipi()?;
    set_masked(port, true);
    equal("status", status(port)?.0, PortStatus::Ipi)?;
    ensure!(!take_pending(port), "a new port is pending");
    granted("send", send(port))?;
    ensure!(take_pending(port), "the event is not pending");
    for vcpu in [4095, u32::MAX] {
        let mut argument = BindIpi {
            vcpu: VcpuId::new(vcpu),
            ..BindIpi::default()
        };
        let answer = event(EventChannelOp::BindIpi, &mut argument);
        refused("no virtual CPU", answer, &[Errno::ENOENT])?;
    }
    Ok(())
}
