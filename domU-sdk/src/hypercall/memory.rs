//! `memory_op`: reservations and maps of memory.
// UNSAFETY: lends its own arguments to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::Hypercall;
use ringwall_abi::memory::{MachphysMapping, MemoryOp};

use super::{Result, address_mut, call};

/// The frame behind the last that the machine-to-physical table has.
///
/// # Errors
///
/// None that the ABI knows.
pub fn machphys_end() -> Result {
    let mut mapping = MachphysMapping::default();
    let arguments = [MemoryOp::MachphysMapping as u64, address_mut(&mut mapping)];
    // SAFETY: the hypervisor fills in the structure.
    unsafe { call(Hypercall::MemoryOp, arguments) }?;
    Ok(mapping.max_mfn.saturating_add(1))
}
