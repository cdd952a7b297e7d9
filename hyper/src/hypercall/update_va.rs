//! `update_va_mapping` (14) and its form for another domain's frames (22).
//!
//! Arguments: address, new entry of level 1, flags of the flush; and the owner of the frame.
//! Results: 0; `EINVAL` where the address has no table, or the entry is not one that the guest may
//! have; `EPERM` for a frame that it may not map.

use ringwall_abi::xen::{VaFlush, VaMappingFlags};
use ringwall_abi::{DomainId, Errno, MachineAddress};
use ringwall_hw::cpu::{control, local};
use ringwall_model::memory::Entry;

use super::{Call, Result};
use crate::machine::{MACHINE, memory};

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let domain = call.domain().id();
    update(call, domain)
}

pub(super) fn handle_other_domain(call: &mut Call<'_>) -> Result {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a domain's number has 16 bits"
    )]
    let owner = call
        .domain_named(DomainId::new(call.number(3) as u16))?
        .id();
    update(call, owner)
}

#[inline]
fn update(call: &Call<'_>, owner: DomainId) -> Result {
    let (address, entry) = (call.address(0), Entry::new(call.number(1)));
    let flush = VaMappingFlags::from_bits_retain(call.number(2)).flush();
    let flush = flush.ok_or(Errno::EINVAL)?;
    let root = MachineAddress::new(local::current().guest.kernel_root.get()).frame();
    memory().update_address(root, address, entry, call.domain().id(), owner)?;
    // As the guest asked. Which CPUs it named does not matter while there is one.
    match flush {
        VaFlush::None => {}
        VaFlush::Tlb => MACHINE.flush_local(control::invalidate_all),
        // The address is no hypervisor's: its entry was just written.
        VaFlush::Address => control::invalidate_page(address.raw()),
    }
    Ok(0)
}
