//! A granter takes access back by clearing the entry's flags, which it may do while nobody reads or writes;
//! then the reference maps and copies nothing, and the same reference can grant another frame.
//! `public/grant_table.h`. Lesson 35: what is mapped stays what it was, whatever the entry says meanwhile.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, Table, map_grant, one_status, status, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::GrantMapFlags;
use guests::sdk::abi::grant_table::GrantStatus::{BadReference, GeneralError, Okay};
use guests::{Check, equal};

guests::rule!(check);

fn check() -> Check {
    let table = Table::new()?;
    let (first, first_frame) = page()?;
    let (second, second_frame) = page()?;
    let place = hole()?;
    first.u64(0).store(1, Ordering::SeqCst);
    second.u64(0).store(2, Ordering::SeqCst);
    table.set(10, ACCESS, first_frame);
    let mapped = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    status("map", mapped.status, Okay)?;
    // Against the rules, while it is mapped.
    table.set(10, 0, second_frame);
    equal("what is mapped", place.u64(0).load(Ordering::SeqCst), 1)?;
    status("unmap", unmap_grant(mapped.handle, place.address()), Okay)?;
    let gone = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    one_status("revoked", gone.status, &[GeneralError, BadReference])?;
    table.set(10, ACCESS, second_frame);
    let mapped = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    status("another frame", mapped.status, Okay)?;
    equal("what is mapped now", place.u64(0).load(Ordering::SeqCst), 2)?;
    status("unmap", unmap_grant(mapped.handle, place.address()), Okay)
}
