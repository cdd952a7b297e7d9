//! Page tables: entries, pins, roots.

use ringwall_abi::Hypercall;
use ringwall_abi::xen::{MmuExtCommand, MmuUpdate, VaMappingFlags, VmAssistCommand, VmAssistType};

use crate::call::{call, mmu_update, mmuext, on_frame, update_va};
use crate::machine;
use crate::memory::{Pages, READ_ONLY, READ_WRITE, Start, entry};
use crate::meter::{Cost, least, report};

/// How many entries the long update has.
const BATCH: usize = 128;
/// Flushes the address from the TLB.
const INVALIDATE: u64 = VaMappingFlags::INVLPG.bits();
/// Pages whose mappings are changed.
static MAPPED: Pages<BATCH> = Pages::new();
/// The table that is pinned.
static TABLE: Pages<1> = Pages::new();

/// Measures all of them.
pub(crate) fn measure(start: &Start<'_>) {
    report("update_va_mapping", remap(start, VaMappingFlags::empty()));
    report(
        "update_va_mapping_page",
        remap(start, VaMappingFlags::INVLPG),
    );
    report(
        "update_va_mapping_all",
        remap(start, VaMappingFlags::TLB_FLUSH),
    );
    report("update_va_mapping_set", set(start));
    report("update_va_mapping_clear", clear(start));
    report("mmu_update", batch::<1>(start));
    report(
        "mmu_update_entry",
        batch::<BATCH>(start).map(|ticks| ticks / BATCH as u64),
    );
    report("emulated_write", emulated(start));
    let root = [on_frame(MmuExtCommand::NewBaseptr, start.root())];
    report("same_root", least(|_| mmuext(&root)));
    let empty = pin(start, 0);
    report("pin_unpin", empty);
    let full = pin(start, 512);
    let difference = empty.and_then(|empty| full.map(|full| full.saturating_sub(empty)));
    report("pin_unpin_entry", difference.map(|ticks| ticks / 512));
}

/// Entries for the page 0 of `MAPPED`: to be written by turns, the first changes what was there.
fn by_turns(start: &Start<'_>) -> [u64; 2] {
    [1, 0].map(|page| entry(start.frame(MAPPED.address(page)), READ_WRITE))
}

/// Another frame in place of the one that was mapped.
fn remap(start: &Start<'_>, flush: VaMappingFlags) -> Cost {
    let entries = by_turns(start);
    least(|round| update_va(MAPPED.address(0), entries[round % 2], flush.bits()))
}

/// A frame where none was mapped.
fn set(start: &Start<'_>) -> Cost {
    let [_, own] = by_turns(start);
    least(|_| {
        update_va(MAPPED.address(0), 0, 0)?;
        update_va(MAPPED.address(0), own, 0)
    })
}

/// None where one was.
fn clear(start: &Start<'_>) -> Cost {
    let [_, own] = by_turns(start);
    let cost = least(|_| {
        update_va(MAPPED.address(0), own, 0)?;
        update_va(MAPPED.address(0), 0, 0)
    });
    update_va(MAPPED.address(0), own, 0)?;
    cost
}

/// The entries of `COUNT` pages, rotated by one page and back.
fn batch<const COUNT: usize>(start: &Start<'_>) -> Cost {
    let update = |page: usize, turn: usize| MmuUpdate {
        ptr: start.slot_address(MAPPED.address(page)).raw(),
        val: entry(
            start.frame(MAPPED.address((page + turn) % BATCH)),
            READ_WRITE,
        ),
    };
    // The first changes what was there.
    let updates: [[MmuUpdate; COUNT]; 2] =
        [1, 0].map(|turn| core::array::from_fn(|page| update(page, turn)));
    least(|round| mmu_update(&updates[round % 2]))
}

/// A store to an entry, which the hypervisor emulates.
fn emulated(start: &Start<'_>) -> Cost {
    let assist = [
        VmAssistCommand::Enable as u64,
        VmAssistType::WritablePagetables as u64,
        0,
        0,
    ];
    call(Hypercall::VmAssist, assist)?;
    let slot = start.slot(MAPPED.address(0));
    let entries = by_turns(start);
    least(|round| Ok(machine::store(slot, entries[round % 2])))
}

/// A leaf table of so many present entries, pinned and unpinned.
fn pin(start: &Start<'_>, present: usize) -> Cost {
    let frame = start.frame(TABLE.address(0));
    update_va(TABLE.address(0), entry(frame, READ_WRITE), INVALIDATE)?;
    for word in 0..512 {
        let target = start.frame(MAPPED.address(word % BATCH));
        let value = if word < present {
            entry(target, READ_WRITE)
        } else {
            0
        };
        TABLE.write(0, word, value);
    }
    update_va(TABLE.address(0), entry(frame, READ_ONLY), INVALIDATE)?;
    let pin = [on_frame(MmuExtCommand::PinL1Table, frame)];
    let unpin = [on_frame(MmuExtCommand::UnpinTable, frame)];
    let pins = least(|_| {
        let timed = mmuext(&pin)?;
        mmuext(&unpin).map(|_| timed)
    })?;
    let unpins = least(|_| {
        mmuext(&pin)?;
        mmuext(&unpin)
    })?;
    Ok(pins + unpins)
}
