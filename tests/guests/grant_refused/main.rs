//! What only version 2 of grant tables has, and transfers: a hypervisor may have them or not, which a guest
//! asks by `GNTTABOP_set_version`: `public/grant_table.h`. On Ringwall they are refused, by decision: most
//! of the bugs were there (Lesson 32). Xen has them: there the test is skipped.
#![no_std]
#![no_main]

use guests::grants::{grant, grant_list};
use guests::sdk::abi::Errno;
use guests::sdk::abi::grant_table::{
    DumpTable, GetStatusFrames, GrantOp, SetVersion, SwapGrantRef, Transfer,
};
use guests::sdk::hypercall::{grant_swap, grant_transfer};
use guests::{Check, refused, skip};

guests::rule!(check);

fn check() -> Check {
    let none = &[Errno::ENOSYS];
    let answer = grant(GrantOp::SetVersion, &mut SetVersion { version: 2 });
    if answer.is_ok() {
        skip!("this hypervisor has version 2");
    }
    refused("version 2", answer, none)?;
    #[expect(unsafe_code, reason = "a transfer that is refused")]
    // SAFETY: the frame is nobody's.
    let transfer = unsafe { grant_transfer(&mut [Transfer::default()]) };
    refused("transfer", transfer.into(), none)?;
    let swap = grant_swap(&mut [SwapGrantRef::default()]);
    refused("swap", swap.into(), none)?;
    let frames = grant(GrantOp::GetStatusFrames, &mut GetStatusFrames::default());
    refused("status frames", frames, none)?;
    let dump = grant_list(GrantOp::DumpTable, &mut [DumpTable::default()]);
    refused("dump", dump, none)
}
