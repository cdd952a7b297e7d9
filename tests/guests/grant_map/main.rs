//! `GNTTABOP_map_grant_ref` with `GNTMAP_host_map` maps a granted frame at an address, with the rights that
//! both the grant and the request give, and `GNTTABOP_unmap_grant_ref` takes it back: `public/grant_table.h`.
//! The entry says meanwhile that it is read and written, and nothing afterwards.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, Table, map_grant, status, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags, GrantStatus};
use guests::{Check, ensure, equal};

guests::rule!(check);

const REFERENCE: u32 = 10;

fn check() -> Check {
    let table = Table::new()?;
    let (data, frame) = page()?;
    let place = hole()?;
    data.u64(0).store(0x1234, Ordering::SeqCst);
    table.set(REFERENCE, ACCESS, frame);
    let mapped = map_grant(REFERENCE, GrantMapFlags::HOST_MAP, place.address());
    status("map", mapped.status, GrantStatus::Okay)?;
    equal(
        "through the mapping",
        place.u64(0).load(Ordering::SeqCst),
        0x1234,
    )?;
    place.u64(8).store(0x5678, Ordering::SeqCst);
    equal("written there", data.u64(8).load(Ordering::SeqCst), 0x5678)?;
    let busy = GrantEntryFlags::READING | GrantEntryFlags::WRITING;
    ensure!(
        table.flags(REFERENCE).contains(busy),
        "the entry says {:?}",
        table.flags(REFERENCE)
    );
    let unmapped = unmap_grant(mapped.handle, place.address());
    status("unmap", unmapped, GrantStatus::Okay)?;
    ensure!(
        !table.flags(REFERENCE).intersects(busy),
        "afterwards the entry says {:?}",
        table.flags(REFERENCE)
    );
    Ok(())
}
