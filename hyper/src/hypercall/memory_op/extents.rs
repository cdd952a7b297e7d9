//! Lists of extents, worked through in steps.

use ringwall_abi::memory::{MemoryFlags, MemoryOp, MemoryReservation};
use ringwall_abi::{Errno, GuestAddress};
use ringwall_model::memory::Machine;

use super::order::Order;
use crate::domain::Domain;
use crate::hypercall::{Call, Result, Stop};
use crate::machine::MACHINE;

/// A decoded `xen_memory_reservation`.
pub(super) struct Extents {
    /// Whose frames they are.
    pub(super) domain: &'static Domain,
    /// The list of first frames, 8 bytes each.
    pub(super) list: GuestAddress,
    /// How many there are.
    pub(super) count: u64,
    /// How long each is.
    pub(super) order: Order,
    /// Where they should lie.
    pub(super) flags: MemoryFlags,
}

impl Extents {
    /// Decodes a reservation.
    ///
    /// # Errors
    /// `EINVAL` for an order that is too large; `EPERM`, `ESRCH`.
    pub(super) fn decode(call: &Call<'_>, reservation: &MemoryReservation) -> Result<Self> {
        Ok(Self {
            domain: call.domain_named(reservation.domid)?,
            list: reservation.extent_start,
            count: reservation.nr_extents,
            order: Order::new(reservation.extent_order).ok_or(Errno::EINVAL)?,
            flags: reservation.mem_flags,
        })
    }

    /// How many bits an address of theirs may have; 64 for any.
    pub(super) fn address_bits(&self) -> u32 {
        match self.flags.address_bits() {
            0 => u64::BITS,
            bits => bits,
        }
    }
}

/// Does `act` with one extent after the other, given by its place in the list. The number of those
/// that are done, also where one fails: that is how the ABI tells of an error.
pub(super) fn for_each(
    call: &mut Call<'_>,
    mut act: impl FnMut(&Extents, u64) -> Result<()>,
) -> Result {
    let (command, mut done) = (
        call.number(0) & MemoryOp::COMMAND_MASK,
        call.number(0) >> MemoryOp::EXTENT_SHIFT,
    );
    let extents = Extents::decode(call, &call.read(1)?)?;
    // More could not be counted in the command.
    let count = extents.count.min(u64::MAX >> MemoryOp::EXTENT_SHIFT);
    while done < count {
        match act(&extents, done) {
            Ok(()) => done += 1,
            Err(Stop::Errno(_)) => break,
            Err(stop) => return Err(stop),
        }
        if done < count && MACHINE.should_preempt() {
            call.arguments[0] = command | done << MemoryOp::EXTENT_SHIFT;
            return Err(Stop::Resume);
        }
    }
    Ok(done)
}
