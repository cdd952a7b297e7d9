//! Others' event channels: bound, looked at, reset.

use guests::{address_mut, ask};
use ringwall_sdk::abi::event_channel::EventChannelOp;
use ringwall_sdk::abi::{DomainId, Hypercall, Port};
use ringwall_sdk::hypercall;

use super::Tally;

/// Ports that are tried; one that is offered to this domain is its own console's or store's other end, and
/// bound already.
const PORTS: u32 = 256;

pub(super) fn trespass(other: DomainId, tally: &mut Tally) {
    for port in 1..PORTS {
        let bound = hypercall::event_bind_interdomain(other, Port::new(port));
        tally.attempt(bound.is_ok(), format_args!("bind port {port} of {other}"));
        let status = hypercall::event_status(other, Port::new(port));
        tally.attempt(status.is_ok(), format_args!("port {port} of {other}"));
    }
    let offered = hypercall::event_alloc_unbound(other, DomainId::SELF);
    tally.attempt(offered.is_ok(), format_args!("a port in {other}"));
    let mut domain = other.raw();
    let operation = EventChannelOp::Reset.number().into();
    let answer = ask(
        Hypercall::EventChannelOp,
        [operation, address_mut(&mut domain)],
    );
    tally.hypercall(answer, format_args!("reset {other}"));
}
