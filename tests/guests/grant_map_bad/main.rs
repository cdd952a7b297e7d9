//! What can't be mapped is refused by a status of its own: a reference beyond the table or to an entry that
//! grants nothing, or nothing to the caller (`GNTST_bad_gntref`, or `_general_error` where the entry is one
//! of another kind), nobody's grants (`_bad_domain`), no kind of mapping (`_bad_gntref`), a frame that the granter does not have,
//! addresses that can't be mapped. `public/grant_table.h`. The list goes on after an element that failed.
#![no_std]
#![no_main]

use guests::grants::{ACCESS, Table, grant_list, map_grant, one_status, status};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::GrantStatus::{
    BadDomain, BadPage, BadReference, BadVirtualAddress, GeneralError, Okay, PermissionDenied,
};
use guests::sdk::abi::grant_table::{GrantMapFlags, GrantOp, GrantStatus, MapGrantRef};
use guests::sdk::abi::{DomainId, Mfn};
use guests::{Check, granted};

guests::rule!(check);

fn check() -> Check {
    let table = Table::new()?;
    let (_, frame) = page()?;
    let place = hole()?;
    let place = place.address();
    let host = GrantMapFlags::HOST_MAP;
    table.set(10, ACCESS, frame);
    table.set(11, 0, frame);
    table.set(12, 2, frame);
    table.set(13, 3, frame);
    table.set_for(14, ACCESS, DomainId::new(77), frame);
    table.set(15, ACCESS, Mfn::new(0xffff_fff0));
    let cases: [(&str, u32, GrantMapFlags, u64, &[GrantStatus]); 8] = [
        ("beyond the table", 1 << 20, host, place, &[BadReference]),
        ("beyond all numbers", u32::MAX, host, place, &[BadReference]),
        (
            "grants nothing",
            11,
            host,
            place,
            &[GeneralError, BadReference],
        ),
        (
            "accepts a transfer",
            12,
            host,
            place,
            &[GeneralError, BadReference],
        ),
        ("transitive", 13, host, place, &[GeneralError, BadReference]),
        (
            "grants it to another",
            14,
            host,
            place,
            &[GeneralError, BadReference],
        ),
        (
            "nobody's frame",
            15,
            host,
            place,
            &[GeneralError, PermissionDenied, BadPage],
        ),
        (
            "no kind of mapping",
            10,
            GrantMapFlags::empty(),
            place,
            &[BadReference, GeneralError],
        ),
    ];
    for (what, reference, flags, place, allowed) in cases {
        one_status(what, map_grant(reference, flags, place).status, allowed)?;
    }
    for bad in [0xffff_8300_0000_0000, 0x8000_0000_0000_0000, 0x40] {
        let mapped = map_grant(10, host, bad);
        one_status(bad, mapped.status, &[GeneralError, BadVirtualAddress])?;
    }
    let element = |dom, place| MapGrantRef {
        host_addr: place,
        flags: host,
        reference: 10,
        dom,
        ..MapGrantRef::default()
    };
    let mut list = [
        element(DomainId::new(1234), place),
        element(DomainId::DOM0, place),
    ];
    granted("a list", grant_list(GrantOp::MapGrantRef, &mut list))?;
    status("nobody's grant", list[0].status, BadDomain)?;
    status("after it", list[1].status, Okay)?;
    for reference in 11..16 {
        let flags = table.flags(reference);
        guests::ensure!(flags.bits() & 0x18 == 0, "{reference} is held: {flags:?}");
    }
    Ok(())
}
