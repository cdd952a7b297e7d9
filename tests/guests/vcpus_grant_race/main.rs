//! A granter may write its entries whenever it likes, also while they are mapped, copied and unmapped: each of these comes to
//! an end, with what the entry was at one moment, and leaves no mark of use behind: `public/grant_table.h`. Lessons 30, 36
//! and 37: entries are read once, and tried a bounded number of times.
#![no_std]
#![no_main]

extern crate alloc;

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use guests::grants::{ACCESS, READ_ONLY, Table, map_grant, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags, GrantStatus};
use guests::sdk::hypercall::yield_now;
use guests::vcpus::start;
use guests::{Check, ensure, equal};

guests::rule!(check);

const REFERENCE: u32 = 20;
const ROUNDS: u32 = 2000;
static STOP: AtomicBool = AtomicBool::new(false);
static CHANGES: AtomicU64 = AtomicU64::new(0);

fn check() -> Check {
    let table = alloc::sync::Arc::new(Table::new()?);
    let (_, first) = page()?;
    let (_, second) = page()?;
    let theirs = table.clone();
    let other = start(move || {
        // Access, none, to read alone, another frame: over and over.
        let entries = [
            (ACCESS, first),
            (0, second),
            (READ_ONLY, second),
            (0, first),
        ];
        while !STOP.load(Ordering::SeqCst) {
            for (flags, frame) in entries {
                theirs.set(REFERENCE, flags, frame);
                CHANGES.fetch_add(1, Ordering::SeqCst);
                if CHANGES.load(Ordering::SeqCst).is_multiple_of(3) {
                    yield_now();
                }
            }
        }
    })?;
    let place = hole()?;
    let (mut mapped, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let flags = match round % 2 {
            0 => GrantMapFlags::HOST_MAP,
            _ => GrantMapFlags::HOST_MAP | GrantMapFlags::READONLY,
        };
        let map = map_grant(REFERENCE, flags, place.address());
        if map.status == GrantStatus::Okay.number() {
            mapped += 1;
            yield_now();
            let back = unmap_grant(map.handle, place.address());
            equal(format_args!("unmap in round {round}"), back, 0)?;
        } else {
            refused += 1;
            yield_now();
        }
    }
    STOP.store(true, Ordering::SeqCst);
    other.join();
    ensure!(
        mapped > 0 && refused > 0,
        "{mapped} were mapped, {refused} refused: nothing raced"
    );
    // Whatever was written over it: nothing is mapped any more, and the entry can be used again.
    table.set(REFERENCE, ACCESS, first);
    let map = map_grant(REFERENCE, GrantMapFlags::HOST_MAP, place.address());
    equal("a map at rest", map.status, GrantStatus::Okay.number())?;
    equal("its end", unmap_grant(map.handle, place.address()), 0)?;
    let used = GrantEntryFlags::READING | GrantEntryFlags::WRITING;
    ensure!(
        !table.flags(REFERENCE).intersects(used),
        "a mark stays: {:?}",
        table.flags(REFERENCE)
    );
    Ok(())
}
