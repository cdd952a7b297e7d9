//! The page tables that the guest runs on, as it reads them.
// UNSAFETY: reads page tables and the machine-to-physical table by their addresses.
#![expect(unsafe_code)]

use ringwall_sdk::abi::{MachineAddress, Mfn, PAGE_SHIFT};
use ringwall_sdk::memory::entry::{Level, target};
use ringwall_sdk::memory::{address_of, pfn_of};
use ringwall_sdk::start;

use crate::Verdict;

/// The table of a level through which an address is translated.
///
/// # Errors
///
/// An error of the test where there is none.
pub fn table(address: u64, level: Level) -> Result<Mfn, Verdict> {
    let none = || Verdict::error("no page tables");
    let info = start::info().ok_or_else(none)?;
    let root = ringwall_sdk::memory::mfn_of_address(info.pt_base).ok_or_else(none)?;
    let mut at = Level::L4;
    let mut frame = root;
    while at > level {
        frame = target(read(frame, at.index(address))?).ok_or_else(none)?;
        at = match at {
            Level::L4 => Level::L3,
            Level::L3 => Level::L2,
            Level::L2 | Level::L1 => Level::L1,
        };
    }
    Ok(frame)
}

/// The machine address of the first-level entry of an address.
///
/// # Errors
///
/// As of [`table`].
pub fn entry_address(address: u64) -> Result<MachineAddress, Verdict> {
    let table = table(address, Level::L1)?;
    let offset = Level::L1.index(address) as u64 * 8;
    Ok(MachineAddress::new((table.raw() << PAGE_SHIFT) + offset))
}

/// An entry of a table of this domain.
///
/// # Errors
///
/// An error of the test where the table is not mapped.
pub fn read(table: Mfn, index: usize) -> Result<u64, Verdict> {
    let place = pfn_of(table).and_then(address_of);
    let place = place.ok_or_else(|| Verdict::error("a table is not mapped"))?;
    // SAFETY: it is a mapped table of 512 entries, which the CPU may write: so the read is volatile.
    Ok(unsafe { (place as *const u64).add(index % 512).read_volatile() })
}
