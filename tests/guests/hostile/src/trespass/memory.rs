//! Others' frames: mapped, typed, taken, given.

use guests::{address, address_mut, ask};
use ringwall_sdk::abi::{DomainId, Hypercall, Mfn};
use ringwall_sdk::memory::{self, Page};
use ringwall_sdk::{SharedPage, hypercall, println, start};

use super::Tally;

/// Present, writable, user, accessed, dirty.
const WRITABLE: u64 = 0x67;
/// Frames of the machine that are tried at most: 8 GiB.
const FRAMES: u64 = 2 << 20;

/// Operations of `memory_op` on a reservation of another domain, and those whose argument starts with a domain.
pub(super) fn trespass(other: DomainId, tally: &mut Tally) {
    let mut frames = [1_u64, 2, 3, 4];
    let domain = u64::from(other.raw());
    // public/memory.h: increase, decrease, populate; the domain stands behind order and flags.
    for operation in [0, 1, 6] {
        let reservation = [address_mut(&mut frames), 1, 0, domain];
        let answer = ask(Hypercall::MemoryOp, [operation, address(&reservation)]);
        // The answer is the number of extents that were done.
        let done = answer.is_ok() && answer != guests::Answer(0);
        tally.attempt(done, format_args!("memory_op {operation} of {other}"));
    }
    // Current and maximum reservation, add_to_physmap, memory map, highest frame, remove_from_physmap, populate on
    // demand (2), claim, vNUMA, acquire_resource.
    for operation in [3, 4, 7, 13, 14, 15, 16, 17, 23, 24, 26, 28] {
        let mut argument = [domain, 0, 0, 0, 0, 0, 0, 0];
        let answer = ask(Hypercall::MemoryOp, [operation, address_mut(&mut argument)]);
        tally.hypercall(answer, format_args!("memory_op {operation} of {other}"));
    }
    foreign_tables(other, tally);
}

/// Entries of this domain's tables that lead to the other's frames, by all ways that name the other.
fn foreign_tables(other: DomainId, tally: &mut Tally) {
    let domain = u64::from(other.raw());
    let Some(page) = SharedPage::zeroed() else {
        return;
    };
    let Some(table) = Page::new() else { return };
    for frame in (0..4096).step_by(61) {
        let entry = frame << 12 | WRITABLE;
        let answer = ask(
            Hypercall::UpdateVaMappingOtherdomain,
            [page.address(), entry, 0, domain],
        );
        tally.hypercall(
            answer,
            format_args!("frame {frame:#x} of {other} by address"),
        );
        // A machine-to-physical entry of it.
        let update = [frame << 12 | 1, 0];
        let answer = ask(Hypercall::MmuUpdate, [address(&update), 1, 0, domain]);
        tally.hypercall(answer, format_args!("name of frame {frame:#x} of {other}"));
        // Pinned as each level, and cleared.
        for command in [0, 1, 2, 3, 16] {
            let operation = [command, frame, 0];
            let answer = ask(Hypercall::MmuextOp, [address(&operation), 1, 0, domain]);
            tally.hypercall(
                answer,
                format_args!("mmuext {command} of {frame:#x} of {other}"),
            );
        }
    }
    // The own frame as if it were the other's table.
    let update = [table.frame().raw() << 12, WRITABLE];
    let answer = ask(Hypercall::MmuUpdate, [address(&update), 1, 0, domain << 16]);
    tally.hypercall(answer, format_args!("a table of {other}"));
}

/// Each frame of the machine that is not this domain's, as if it were.
pub(super) fn map_all(tally: &mut Tally) {
    let Some(page) = SharedPage::zeroed() else {
        return;
    };
    let unlisted = unlisted();
    let last = hypercall::maximum_ram_page().map_or(FRAMES, Mfn::raw);
    let mut mapped = 0_u64;
    for frame in (0..last.min(FRAMES)).map(Mfn::new) {
        let listed = memory::pfn_of(frame).and_then(memory::mfn_of) == Some(frame);
        if listed || unlisted.contains(&frame) {
            continue;
        }
        let entry = frame.raw() << 12 | WRITABLE;
        let answer = ask(Hypercall::UpdateVaMapping, [page.address(), entry, 0]);
        mapped += u64::from(answer.is_ok());
        tally.tried += 1;
    }
    println!("TRESPASS foreign frames mapped: {mapped}");
    tally.succeeded += mapped;
}

/// Frames that are this domain's without being in its list of frames: the shared page, and its grant table.
fn unlisted() -> [Mfn; 2] {
    let shared = start::info().map_or(Mfn::new(0), |info| info.shared_info.frame());
    let mut table = [Mfn::new(0)];
    let _ = hypercall::grant_setup_table(&mut table);
    [shared, table[0]]
}
