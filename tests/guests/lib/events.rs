//! Event channels by their raw operations, and their bits in the shared page.

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_sdk::abi::event_channel::{
    AllocUnbound, BindIpi, BindVirq, Close, EventChannelOp, EventChannelStatus, PortStatus,
};
use ringwall_sdk::abi::xen::{SharedInfo, Virq};
use ringwall_sdk::abi::{DomainId, Hypercall, Port, VcpuId};
use ringwall_sdk::start;

use crate::{Answer, Verdict, address_mut, ask, granted};

/// A port that is none: above all that two levels have.
pub const NO_PORT: Port = Port::new(4096);

/// Makes an operation on event channels.
pub fn event<T>(operation: EventChannelOp, argument: &mut T) -> Answer {
    let arguments = [u64::from(operation.number()), address_mut(argument)];
    ask(Hypercall::EventChannelOp, arguments)
}

/// A port that waits for this domain itself.
///
/// # Errors
///
/// The refusal.
pub fn unbound() -> Result<Port, Verdict> {
    let mut argument = AllocUnbound {
        dom: DomainId::SELF,
        remote_dom: DomainId::SELF,
        ..AllocUnbound::default()
    };
    let answer = event(EventChannelOp::AllocUnbound, &mut argument);
    granted("alloc_unbound", answer)?;
    Ok(argument.port)
}

/// A port on which this virtual CPU gets its own events.
///
/// # Errors
///
/// The refusal.
pub fn ipi() -> Result<Port, Verdict> {
    let mut argument = BindIpi::default();
    granted("bind_ipi", event(EventChannelOp::BindIpi, &mut argument))?;
    Ok(argument.port)
}

/// Binds a virtual interrupt of the first virtual CPU.
///
/// # Errors
///
/// The refusal.
pub fn virq(virq: Virq) -> Result<Port, Verdict> {
    let mut argument = BindVirq {
        virq: virq.number(),
        vcpu: VcpuId::new(0),
        ..BindVirq::default()
    };
    granted(virq, event(EventChannelOp::BindVirq, &mut argument))?;
    Ok(argument.port)
}

/// Closes a port.
pub fn close(port: Port) -> Answer {
    event(EventChannelOp::Close, &mut Close { port })
}

/// Sends to the other end of a port.
pub fn send(port: Port) -> Answer {
    let mut argument = ringwall_sdk::abi::event_channel::Send { port };
    event(EventChannelOp::Send, &mut argument)
}

/// What a port is, and the virtual CPU that it notifies.
///
/// # Errors
///
/// The refusal, or an answer that the ABI does not have.
pub fn status(port: Port) -> Result<(PortStatus, VcpuId), Verdict> {
    let mut argument = EventChannelStatus {
        dom: DomainId::SELF,
        port,
        ..EventChannelStatus::default()
    };
    granted("status", event(EventChannelOp::Status, &mut argument))?;
    let status = argument.port_status();
    let status = status.ok_or_else(|| Verdict::failure("the status has no such code"))?;
    Ok((status, argument.vcpu))
}

/// Whether the port's pending bit is on.
#[must_use]
pub fn is_pending(port: Port) -> bool {
    word(SharedInfo::EVTCHN_PENDING, port)
        .is_some_and(|word| word.load(Ordering::SeqCst) & bit(port) != 0)
}

/// Clears the port's pending bit; whether it was on.
pub fn take_pending(port: Port) -> bool {
    let taken = word(SharedInfo::EVTCHN_PENDING, port)
        .map_or(0, |word| word.fetch_and(!bit(port), Ordering::SeqCst));
    taken & bit(port) != 0
}

/// Sets or clears the port's mask bit.
pub fn set_masked(port: Port, masked: bool) {
    if let Some(word) = word(SharedInfo::EVTCHN_MASK, port) {
        match masked {
            true => word.fetch_or(bit(port), Ordering::SeqCst),
            false => word.fetch_and(!bit(port), Ordering::SeqCst),
        };
    }
}

fn word(offset: usize, port: Port) -> Option<&'static AtomicU64> {
    let index = port.raw() as usize / 64;
    (index < 64).then_some(())?;
    Some(start::shared_info()?.u64(offset + index * 8))
}

fn bit(port: Port) -> u64 {
    1 << (port.raw() % 64)
}
