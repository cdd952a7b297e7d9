//! Page tables by their raw operations.

use ringwall_sdk::SharedPage;
use ringwall_sdk::abi::xen::{MmuExtCommand, MmuUpdate, MmuUpdateCommand, MmuextOp};
use ringwall_sdk::abi::{DomainId, Hypercall, Mfn, PAGE_SHIFT};
use ringwall_sdk::memory::entry::{Access, Level};

use crate::page::{map, page};
use crate::{Answer, Verdict, address, ask, granted};

/// A frame that no machine has.
pub const NOBODYS: Mfn = Mfn::new(0xf_ffff_fff0);
/// The levels, from the leaves to the root.
pub const LEVELS: [Level; 4] = [Level::L1, Level::L2, Level::L3, Level::L4];

/// Writes entries, by `mmu_update`.
pub fn update_list(updates: &[MmuUpdate]) -> Answer {
    let own = u64::from(DomainId::SELF.raw());
    let arguments = [address(updates), updates.len() as u64, 0, own];
    ask(Hypercall::MmuUpdate, arguments)
}

/// What `mmu_update` takes for an entry of a table.
#[must_use]
pub fn update(table: Mfn, index: usize, value: u64) -> MmuUpdate {
    MmuUpdate {
        ptr: (table.raw() << PAGE_SHIFT) + (index as u64) * 8,
        val: value,
    }
}

/// Writes one entry of a table.
pub fn set(table: Mfn, index: usize, value: u64) -> Answer {
    update_list(&[update(table, index, value)])
}

/// Writes one entry by another command of `mmu_update`.
pub fn set_by(command: MmuUpdateCommand, table: Mfn, index: usize, value: u64) -> Answer {
    let mut update = update(table, index, value);
    update.ptr |= u64::from(command.number());
    update_list(&[update])
}

/// Writes the leaf entry of an address, by `update_va_mapping`.
pub fn set_leaf(place: u64, value: u64, flags: u64) -> Answer {
    ask(Hypercall::UpdateVaMapping, [place, value, flags])
}

/// Makes operations of `mmuext_op`.
pub fn extended_list(operations: &[MmuextOp]) -> Answer {
    let own = u64::from(DomainId::SELF.raw());
    let arguments = [address(operations), operations.len() as u64, 0, own];
    ask(Hypercall::MmuextOp, arguments)
}

/// Makes one operation of `mmuext_op`.
pub fn extended(command: MmuExtCommand, first: u64, second: u64) -> Answer {
    extended_list(&[MmuextOp::new(command, first, second)])
}

/// Pins a frame as a table of this level.
pub fn pin(frame: Mfn, level: Level) -> Answer {
    let command = match level {
        Level::L1 => MmuExtCommand::PinL1Table,
        Level::L2 => MmuExtCommand::PinL2Table,
        Level::L3 => MmuExtCommand::PinL3Table,
        Level::L4 => MmuExtCommand::PinL4Table,
    };
    extended(command, frame.raw(), 0)
}

/// Takes a pin back.
pub fn unpin(frame: Mfn) -> Answer {
    extended(MmuExtCommand::UnpinTable, frame.raw(), 0)
}

/// An empty page that is mapped to be read alone, and so can become a table.
///
/// # Errors
///
/// What was refused.
pub fn readable() -> Result<(&'static SharedPage, Mfn), Verdict> {
    let (place, frame) = page()?;
    map(place, frame, Access::ReadOnly)?;
    Ok((place, frame))
}

/// An empty table of this level, pinned.
///
/// # Errors
///
/// What was refused.
pub fn table(level: Level) -> Result<(&'static SharedPage, Mfn), Verdict> {
    let (place, frame) = readable()?;
    granted("pin", pin(frame, level))?;
    Ok((place, frame))
}
