//! A grant to read alone can be mapped to read alone: a request for more is refused, with
//! `GNTST_general_error`, and what is mapped can't be written. `public/grant_table.h`. A grant that may be
//! written can be mapped to read alone too.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use guests::grants::{ACCESS, READ_ONLY, Table, map_grant, one_status, status, unmap_grant};
use guests::page::{hole, page};
use guests::sdk::abi::grant_table::{GrantEntryFlags, GrantMapFlags, GrantStatus};
use guests::sdk::trap::{self, Frame};
use guests::{Check, ensure, equal};

guests::rule!(check);

static FAULTS: AtomicU64 = AtomicU64::new(0);
/// Bytes of the store that the test makes.
const STORE_LENGTH: u64 = 3;

fn on_fault(frame: &mut Frame) {
    FAULTS.fetch_add(1, Ordering::SeqCst);
    frame.rip += STORE_LENGTH;
}

fn check() -> Check {
    trap::set(trap::vector::PAGE_FAULT, on_fault)?;
    let table = Table::new()?;
    let (data, frame) = page()?;
    let place = hole()?;
    table.set(10, READ_ONLY, frame);
    table.set(11, ACCESS, frame);
    let more = map_grant(10, GrantMapFlags::HOST_MAP, place.address());
    one_status(
        "more than is granted",
        more.status,
        &[GrantStatus::GeneralError],
    )?;
    for reference in [10, 11] {
        let flags = GrantMapFlags::HOST_MAP | GrantMapFlags::READONLY;
        let mapped = map_grant(reference, flags, place.address());
        status(reference, mapped.status, GrantStatus::Okay)?;
        ensure!(
            !table.flags(reference).contains(GrantEntryFlags::WRITING),
            "the entry says that it is written"
        );
        let before = FAULTS.load(Ordering::SeqCst);
        store(place.address(), 1);
        equal("faults", FAULTS.load(Ordering::SeqCst) - before, 1)?;
        equal("the data", data.u64(0).load(Ordering::SeqCst), 0)?;
        status(
            "unmap",
            unmap_grant(mapped.handle, place.address()),
            GrantStatus::Okay,
        )?;
    }
    Ok(())
}

/// `mov [rdi], rax`, of three bytes.
#[expect(unsafe_code, reason = "the instruction may fault")]
fn store(place: u64, value: u64) {
    // SAFETY: the place is a page of the test's; a fault is passed over.
    unsafe {
        core::arch::asm!("mov [rdi], rax", in("rdi") place, in("rax") value, options(nostack));
    }
}
