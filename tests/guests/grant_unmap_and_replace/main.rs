//! `GNTTABOP_unmap_and_replace` ends a mapping and puts there what is mapped at another address, in one step:
//! `public/grant_table.h`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, Table, grant, map_grant, one_status, status};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::GrantStatus::{BadHandle, Okay};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags, GrantOp, UnmapAndReplace};
use guests::{Check, ensure, equal, granted};

guests::rule!(check);

fn check() -> Check {
    let table = Table::new()?;
    let (_, frame) = page()?;
    let place = hole()?;
    let (spare, _) = page()?;
    spare.u64(0).store(0x77, Ordering::SeqCst);
    table.set(10, ACCESS, frame);
    let mapped = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    status("map", mapped.status, Okay)?;
    let mut argument = UnmapAndReplace {
        host_addr: place.address(),
        new_addr: spare.address(),
        handle: mapped.handle,
        ..UnmapAndReplace::default()
    };
    granted("replace", grant(GrantOp::UnmapAndReplace, &mut argument))?;
    status("replace", argument.status, Okay)?;
    equal("the spare page", place.u64(0).load(Ordering::SeqCst), 0x77)?;
    ensure!(
        !table
            .flags(10)
            .intersects(GrantEntryFlags::READING | GrantEntryFlags::WRITING),
        "the grant is still held"
    );
    granted("again", grant(GrantOp::UnmapAndReplace, &mut argument))?;
    one_status("again", argument.status, &[BadHandle])
}
