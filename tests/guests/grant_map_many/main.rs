//! A grant may be mapped several times: the entry is busy until the last mapping is gone, whatever their
//! order. `public/grant_table.h`. Lesson 34: handles are found and freed at once, however many there are.
#![no_std]
#![no_main]

use guests::grants::{ACCESS, Table, map_grant, status, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags, GrantStatus};
use guests::{Check, ensure};

guests::rule!(check);

const COUNT: usize = 40;

fn check() -> Check {
    let table = Table::new()?;
    let (_, frame) = page()?;
    table.set(10, ACCESS, frame);
    let mut places = [0; COUNT];
    let mut handles = [0; COUNT];
    for (place, handle) in places.iter_mut().zip(&mut handles) {
        *place = hole()?.address();
        let mapped = map_grant(10, GrantMapFlags::HOST_MAP, *place);
        status("map", mapped.status, GrantStatus::Okay)?;
        *handle = mapped.handle;
    }
    for (index, handle) in handles.iter().enumerate() {
        ensure!(
            !handles[..index].contains(handle),
            "the handle {handle} came twice"
        );
    }
    // Not in the order in which they came.
    for step in 0..COUNT {
        let index = step * 7 % COUNT;
        ensure!(
            table.flags(10).contains(GrantEntryFlags::WRITING),
            "given back with {} mappings left",
            COUNT - step
        );
        let unmapped = unmap_grant(handles[index], places[index]);
        status("unmap", unmapped, GrantStatus::Okay)?;
    }
    ensure!(
        !table
            .flags(10)
            .intersects(GrantEntryFlags::WRITING | GrantEntryFlags::READING),
        "the entry is still busy"
    );
    Ok(())
}
