//! A mapping of a grant ends by its handle alone: the guest's own writes to the entry must not give the page
//! back early, and the frame of a mapped grant is not the mapper's: `public/grant_table.h`. After the entry
//! was overwritten, the mapping can't be found at its address any more, and the granter's entry stays busy.
#![no_std]
#![no_main]

use guests::grants::{ACCESS, Table, map_grant, one_status, status, unmap_grant};
use guests::page::{hole, map, page};
use guests::sdk::abi::grant_table::GrantStatus::{BadVirtualAddress, GeneralError, Okay};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags};
use guests::sdk::memory::entry::Access;
use guests::{Check, ensure};

guests::rule!(check);

fn check() -> Check {
    let table = Table::new()?;
    let (_, frame) = page()?;
    let place = hole()?;
    let (_, own) = page()?;
    table.set(10, ACCESS, frame);
    let mapped = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    status("map", mapped.status, Okay)?;
    map(place, own, Access::ReadWrite)?;
    ensure!(
        table.flags(10).contains(GrantEntryFlags::WRITING),
        "another entry gave the grant back"
    );
    let unmapped = unmap_grant(mapped.handle, place.address());
    one_status("what is gone", unmapped, &[GeneralError, BadVirtualAddress])?;
    ensure!(
        table.flags(10).contains(GrantEntryFlags::WRITING),
        "a refused request gave the grant back"
    );
    Ok(())
}
