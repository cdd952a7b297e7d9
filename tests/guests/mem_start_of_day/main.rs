//! At the start of day `start_info` says how many pages there are, the p2m list has a frame for each, the
//! machine-to-physical table leads back, and the first tables are mapped to be read alone, their root pinned:
//! `public/xen.h`, "Start-of-day memory layout".
#![no_std]
#![no_main]

use guests::memory::set_leaf;
use guests::sdk::abi::Pfn;
use guests::sdk::abi::xen::SharedInfo;
use guests::sdk::memory::entry::{Level, WRITABLE};
use guests::sdk::memory::{mfn_of, pfn_of};
use guests::sdk::start;
use guests::tables::{entry_address, read, table};
use guests::{Check, Verdict, ensure, equal};

guests::rule!(check);

fn check() -> Check {
    let info = start::info().ok_or_else(|| Verdict::error("no start_info"))?;
    let magic = info.magic.split(|byte| *byte == 0).next().unwrap_or(&[]);
    ensure!(magic.starts_with(b"xen-3."), "the magic is {magic:?}");
    ensure!(info.nr_pages > 1000, "{} pages", info.nr_pages);
    for number in [0, 1, 100, info.nr_pages / 2, info.nr_pages - 1] {
        let frame = mfn_of(Pfn::new(number));
        let frame = frame.ok_or_else(|| Verdict::failure("a page has no frame"))?;
        equal("back again", pfn_of(frame), Some(Pfn::new(number)))?;
    }
    for index in 0..info.nr_pt_frames {
        let place = info.pt_base + index * 4096;
        let entry = entry_address(place)?;
        let l1 = table(place, Level::L1)?;
        let offset = usize::try_from(entry.raw() % 4096 / 8).unwrap_or(0);
        ensure!(
            read(l1, offset)? & WRITABLE == 0,
            "table {index} is mapped writable"
        );
        let refused = set_leaf(place, read(l1, offset)? | WRITABLE, 2);
        ensure!(!refused.is_ok(), "table {index} was mapped writable");
    }
    ensure!(start::shared_info().is_some(), "no shared_info");
    const { assert!(size_of::<SharedInfo>() <= 4096) };
    Ok(())
}
