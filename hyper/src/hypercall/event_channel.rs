//! `event_channel_op` (32).
//!
//! Arguments: subfunction, its structure. Results: 0; the errors of `ringwall_model::event::Error`;
//! `EPERM` and `ESRCH` for another domain's ports; `ENOSYS` for the FIFO ABI, which is refused so
//! that guests use the 2-level one; `EFAULT`.

use ringwall_abi::event_channel::{
    AllocUnbound, BindInterdomain, BindIpi, BindPirq, BindVcpu, BindVirq, Close, EventChannelOp,
    EventChannelStatus, PortStatus, Reset, Send, Unmask,
};
use ringwall_abi::{DomainId, Errno, Port};
use ringwall_model::event::{Error, Pirq, State, Virq};
use ringwall_model::memory::Machine;
use zerocopy::{Immutable, IntoBytes};

use super::{Call, Result, Stop};
use crate::domain::{self, Domain};
use crate::event::{self, Bits};
use crate::irq::Lines;
use crate::machine::MACHINE;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let Some(operation) = EventChannelOp::from_number(call.number(0) & 0xffff_ffff) else {
        return Err(Errno::ENOSYS.into());
    };
    let ports = call.domain().ports();
    match operation {
        EventChannelOp::Send => {
            let request: Send = call.read(1)?;
            if let Some(target) = ports.target(request.port)? {
                event::deliver(target);
            }
        }
        EventChannelOp::AllocUnbound => {
            let mut request: AllocUnbound = call.read(1)?;
            let domain = call.domain_named(request.dom)?;
            let remote = if request.remote_dom == DomainId::SELF {
                call.domain().id()
            } else {
                request.remote_dom
            };
            request.port = domain.ports().alloc_unbound(remote)?;
            tell(call, &request, domain, request.port)?;
        }
        EventChannelOp::BindInterdomain => {
            let mut request: BindInterdomain = call.read(1)?;
            let remote = match request.remote_dom {
                DomainId::SELF => call.domain(),
                other => domain::find(other).ok_or(Errno::ESRCH)?,
            };
            let bits = Bits(call.domain());
            let (port, effect) =
                ports.bind_interdomain(remote.ports(), request.remote_port, &bits)?;
            event::apply(call.domain(), effect);
            request.local_port = port;
            tell(call, &request, call.domain(), port)?;
        }
        EventChannelOp::BindVirq => {
            let mut request: BindVirq = call.read(1)?;
            let virq = Virq::new(request.virq)?;
            request.port = ports.bind_virq(virq, request.vcpu)?;
            tell(call, &request, call.domain(), request.port)?;
        }
        EventChannelOp::BindIpi => {
            let mut request: BindIpi = call.read(1)?;
            request.port = ports.bind_ipi(request.vcpu)?;
            tell(call, &request, call.domain(), request.port)?;
        }
        EventChannelOp::BindPirq => {
            call.require_privilege()?;
            let mut request: BindPirq = call.read(1)?;
            request.port = ports.bind_pirq(Pirq::new(request.pirq), &Lines)?;
            tell(call, &request, call.domain(), request.port)?;
        }
        EventChannelOp::Close => {
            let request: Close = call.read(1)?;
            close(call.domain(), request.port)?;
        }
        EventChannelOp::Status => {
            let mut request: EventChannelStatus = call.read(1)?;
            let status = call
                .domain_named(request.dom)?
                .ports()
                .status(request.port)?;
            request.set_port_status(port_status(status.state), status.vcpu);
            call.write(1, &request)?;
        }
        EventChannelOp::BindVcpu => {
            let request: BindVcpu = call.read(1)?;
            // All interrupts come to the one CPU.
            let _ = ports.bind_vcpu(request.port, request.vcpu)?;
        }
        EventChannelOp::Unmask => {
            let request: Unmask = call.read(1)?;
            let effect = ports.unmask(request.port, &Bits(call.domain()))?;
            event::apply(call.domain(), effect);
        }
        EventChannelOp::Reset => {
            let request: Reset = call.read(1)?;
            reset(call.domain_named(request.dom)?)?;
        }
        EventChannelOp::InitControl | EventChannelOp::ExpandArray | EventChannelOp::SetPriority => {
            return Err(Errno::ENOSYS.into());
        }
    }
    Ok(0)
}

/// Answers with a new port. One that the guest can't be told of is closed again: nobody would.
fn tell<T: IntoBytes + Immutable>(
    call: &Call<'_>,
    request: &T,
    domain: &'static Domain,
    port: Port,
) -> Result<()> {
    call.write(1, request).inspect_err(|_| {
        // It fails where another virtual CPU has guessed the number and closed it.
        let _ = close(domain, port);
    })
}

fn port_status(state: State) -> PortStatus {
    match state {
        State::Free => PortStatus::Closed,
        State::Unbound { remote } => PortStatus::Unbound(remote),
        State::Interdomain { remote, port } => PortStatus::Interdomain(remote, port),
        State::Pirq(pirq) => PortStatus::Pirq(pirq.raw()),
        State::Virq(virq) => PortStatus::Virq(virq.raw()),
        State::Ipi => PortStatus::Ipi,
    }
}

/// Closes a port, whoever is at its other end.
pub(crate) fn close(domain: &'static Domain, port: Port) -> Result<()> {
    loop {
        let peer = domain.ports().peer(port)?.and_then(domain::find);
        match domain
            .ports()
            .close(port, peer.map(Domain::ports), &Bits(domain), &Lines)
        {
            // The other end has changed since the look.
            Err(Error::NeedsPeer(_)) => {}
            outcome => return Ok(outcome?),
        }
    }
}

/// Closes all ports; the next call goes on where this one stops.
fn reset(domain: &'static Domain) -> Result<()> {
    let mut last = Port::new(0);
    while let Some(port) = domain.ports().next_open(last) {
        close(domain, port)?;
        last = port;
        if MACHINE.should_preempt() {
            return Err(Stop::Resume);
        }
    }
    Ok(())
}
