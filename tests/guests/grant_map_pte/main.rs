//! With `GNTMAP_contains_pte` the address is that of a page-table entry, in machine memory: it must be
//! aligned to 8 and lie in a first-level table of the caller. `public/grant_table.h`. Lesson 27: an entry that
//! is not aligned is refused.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, Table, map_grant, one_status, status, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::PAGE_SHIFT;
use guests::sdk::abi::grant_table::GrantMapFlags;
use guests::sdk::abi::grant_table::GrantStatus::{BadVirtualAddress, GeneralError, Okay};
use guests::tables::entry_address;
use guests::{Check, equal};

guests::rule!(check);

fn check() -> Check {
    let table = Table::new()?;
    let (data, frame) = page()?;
    let place = hole()?;
    let (_, own) = page()?;
    data.u64(0).store(0xabcd, Ordering::SeqCst);
    table.set(10, ACCESS, frame);
    let flags = GrantMapFlags::HOST_MAP | GrantMapFlags::CONTAINS_PTE;
    let entry = entry_address(place.address())?.raw();
    let bad = [
        ("not aligned", entry + 4),
        ("not aligned", entry + 1),
        ("a page of data", own.raw() << PAGE_SHIFT),
        ("nobody's frame", 0xf_ffff_f000_0000),
    ];
    for (what, address) in bad {
        let mapped = map_grant(10, flags, address);
        one_status(what, mapped.status, &[GeneralError, BadVirtualAddress])?;
    }
    let mapped = map_grant(10, flags, entry);
    status("map", mapped.status, Okay)?;
    equal(
        "through the entry",
        place.u64(0).load(Ordering::SeqCst),
        0xabcd,
    )?;
    status("unmap", unmap_grant(mapped.handle, entry), Okay)
}
