//! Others' grants: mapped, copied, and their tables looked at.

use guests::grants::grant;
use ringwall_sdk::abi::grant_table::{GetVersion, GrantOp, GrantStatus, QuerySize, SetupTable};
use ringwall_sdk::abi::{DomainId, GuestAddress};
use ringwall_sdk::grant::{self as granted, End};
use ringwall_sdk::memory::Page;
use ringwall_sdk::memory::entry::Access;

use super::Tally;

/// References that are tried: those of consoles, stores, rings and buffers.
const REFERENCES: u32 = 512;

pub(super) fn trespass(other: DomainId, tally: &mut Tally) {
    let Some(page) = Page::new() else { return };
    for reference in 0..REFERENCES {
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let mapped = granted::map(other, &[reference], access);
            tally.attempt(mapped.is_ok(), format_args!("map {reference} of {other}"));
        }
        let (own, theirs) = (End::Own(&page, 0), End::Granted(other, reference, 0));
        let read = granted::copy(theirs, own, 64);
        tally.attempt(read.is_ok(), format_args!("read {reference} of {other}"));
        let written = granted::copy(own, theirs, 64);
        tally.attempt(
            written.is_ok(),
            format_args!("write {reference} of {other}"),
        );
    }
    tables(other, tally);
}

fn tables(other: DomainId, tally: &mut Tally) {
    let mut frame = 0_u64;
    let mut setup = SetupTable {
        dom: other,
        nr_frames: 1,
        frame_list: GuestAddress::new(guests::address_mut(&mut frame)),
        ..SetupTable::default()
    };
    let answer = grant(GrantOp::SetupTable, &mut setup);
    let done = answer.is_ok() && setup.status == GrantStatus::Okay.number();
    tally.attempt(done, format_args!("the table of {other}"));
    let mut size = QuerySize {
        dom: other,
        ..QuerySize::default()
    };
    let answer = grant(GrantOp::QuerySize, &mut size);
    let done = answer.is_ok() && size.status == GrantStatus::Okay.number();
    tally.attempt(done, format_args!("the size of the table of {other}"));
    let mut version = GetVersion {
        dom: other,
        _pad: 0,
        version: 0,
    };
    let answer = grant(GrantOp::GetVersion, &mut version);
    tally.hypercall(answer, format_args!("the version of the table of {other}"));
}
