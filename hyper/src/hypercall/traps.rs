//! `set_trap_table` (0): the guest's handlers of exceptions and soft interrupts.
//!
//! Argument: a list that an address of 0 ends, or 0 to clear the table. Results: 0; `EINVAL` for an
//! address that is not canonical or is the hypervisor's: the table is as it was then; `EFAULT`.

use ringwall_abi::Errno;
use ringwall_abi::arch_x86::{TrapFlags, TrapInfo};

use super::{Call, Result, read_element};
use crate::vcpu::Handler;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let list = call.address(0);
    let mut table = [Handler::default(); 256];
    if list.raw() == 0 {
        call.vcpu.state.lock().traps = table;
        return Ok(0);
    }
    table.copy_from_slice(&call.vcpu.state.lock().traps);
    // One entry per vector is all that makes sense.
    for index in 0..=256 {
        let entry: TrapInfo = read_element(list, index)?;
        if entry.address.raw() == 0 {
            call.vcpu.state.lock().traps = table;
            return Ok(0);
        }
        let handler = Handler {
            address: code_address(entry.address.raw()).ok_or(Errno::EINVAL)?,
            masks_events: entry.flags.contains(TrapFlags::MASK_EVENTS),
            dpl: entry.flags.dpl(),
        };
        if let Some(slot) = table.get_mut(usize::from(entry.vector)) {
            *slot = handler;
        }
    }
    Err(Errno::EINVAL.into())
}

/// An address at which a guest's handler may start.
pub(crate) fn code_address(address: u64) -> Option<u64> {
    (ringwall_abi::is_canonical(address) && ringwall_hw::layout::outside_hypervisor(address))
        .then_some(address)
}
