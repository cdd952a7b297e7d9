//! The two pages that a domain shares with those who serve it, as the start of day names them.
// UNSAFETY: gives them a second user beside the SDK, which is the attack.
#![expect(unsafe_code)]

use ringwall_sdk::abi::{Mfn, Port};
use ringwall_sdk::{SharedPage, memory, start};

/// The page of the store's ring, and its port.
pub(crate) fn store() -> Option<(SharedPage, Port)> {
    let info = start::info()?;
    Some((shared(info.store_mfn)?, info.store_evtchn))
}

/// The page of the console's ring, and its port.
pub(crate) fn console() -> Option<(SharedPage, Port)> {
    let (frame, port) = start::info()?.domu_console();
    Some((shared(frame)?, port))
}

fn shared(frame: Mfn) -> Option<SharedPage> {
    let address = memory::address_of(memory::pfn_of(frame)?)?;
    // SAFETY: the page is mapped for good, holds nothing of Rust's, and its other users take it for one that
    // somebody else writes.
    Some(unsafe { SharedPage::new(address) })
}
