//! Reservations of memory by their raw operations.

use ringwall_sdk::abi::memory::{MemoryDomain, MemoryOp, MemoryReservation};
use ringwall_sdk::abi::{DomainId, GuestAddress, Hypercall};

use crate::{Answer, Verdict, address_mut, ask, granted};

/// Makes an operation on a list of extents of the caller.
pub fn reservation(operation: MemoryOp, list: &mut [u64], order: u32) -> Answer {
    let (place, count) = (address_mut(list), list.len() as u64);
    reservation_at(operation, place, count, order, DomainId::SELF)
}

/// The same for a list at any place, and any domain.
pub fn reservation_at(
    operation: MemoryOp,
    place: u64,
    count: u64,
    order: u32,
    domain: DomainId,
) -> Answer {
    let mut argument = MemoryReservation {
        extent_start: GuestAddress::new(place),
        nr_extents: count,
        extent_order: order,
        domid: domain,
        ..MemoryReservation::default()
    };
    let arguments = [u64::from(operation.number()), address_mut(&mut argument)];
    ask(Hypercall::MemoryOp, arguments)
}

/// How many pages this domain has.
///
/// # Errors
///
/// The refusal.
pub fn current() -> Result<u64, Verdict> {
    let mut argument = MemoryDomain {
        domid: DomainId::SELF,
    };
    let operation = u64::from(MemoryOp::CurrentReservation.number());
    let arguments = [operation, address_mut(&mut argument)];
    granted("current_reservation", ask(Hypercall::MemoryOp, arguments))
}
