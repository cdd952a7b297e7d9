//! A mapping ends once, by its handle and at its address: a handle that is none or was given back is
//! `GNTST_bad_handle`, another address is refused and leaves the mapping as it was. `public/grant_table.h`.
//! Lessons 28 and 29: what is given back is what the hypervisor noted, not what the request says.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, Table, map_grant, one_status, status, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::GrantStatus::{
    BadHandle, BadVirtualAddress, GeneralError, Okay,
};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags};
use guests::{Check, ensure, equal};

guests::rule!(check);

fn check() -> Check {
    let table = Table::new()?;
    let (data, frame) = page()?;
    let place = hole()?;
    let (other, _) = page()?;
    table.set(10, ACCESS, frame);
    let mapped = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    status("map", mapped.status, Okay)?;
    for handle in [mapped.handle + 1, 0x7fff_ffff, u32::MAX] {
        one_status(handle, unmap_grant(handle, place.address()), &[BadHandle])?;
    }
    let elsewhere = unmap_grant(mapped.handle, other.address());
    one_status("elsewhere", elsewhere, &[GeneralError, BadVirtualAddress])?;
    ensure!(
        table.flags(10).contains(GrantEntryFlags::READING),
        "what failed gave the grant back"
    );
    place.u64(0).store(7, Ordering::SeqCst);
    equal("still mapped", data.u64(0).load(Ordering::SeqCst), 7)?;
    status("unmap", unmap_grant(mapped.handle, place.address()), Okay)?;
    one_status(
        "twice",
        unmap_grant(mapped.handle, place.address()),
        &[BadHandle],
    )?;
    ensure!(
        !table.flags(10).contains(GrantEntryFlags::READING),
        "the grant is still held"
    );
    Ok(())
}
