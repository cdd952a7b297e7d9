//! A list of calls that can't be read is `EFAULT`, an empty one is done at once: `public/xen.h`. A list whose
//! second page is not there is done up to its end. A list that would wrap around the address space is refused.
#![no_std]
#![no_main]

use guests::page::{hole, page};
use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::xen::MulticallEntry;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, ask, equal, granted, refused};

guests::rule!(check);

fn multicall(place: u64, count: u64) -> Answer {
    ask(Hypercall::Multicall, [place, count])
}

fn check() -> Check {
    granted("nothing", multicall(0, 0))?;
    for place in [
        0x10,
        0x8000_0000_0000_0000,
        0xffff_8300_0000_0000,
        u64::MAX - 63,
    ] {
        refused(place, multicall(place, 2), &[Errno::EFAULT])?;
    }
    refused(
        "of nothing mapped",
        multicall(hole()?.address(), 1),
        &[Errno::EFAULT],
    )?;
    refused(
        "more than memory has",
        multicall(0x10, u64::MAX),
        &[Errno::EFAULT, Errno::EINVAL],
    )?;
    // One whole entry at a page's end, and none behind it.
    let (place, _) = page()?;
    let size = size_of::<MulticallEntry>();
    let last = 4096 - size;
    let number = u64::from(Hypercall::XenVersion.number());
    let ordering = core::sync::atomic::Ordering::SeqCst;
    place.u64(last).store(number, ordering);
    place
        .u64(last + 16)
        .store(u64::from(VersionOp::Version.number()), ordering);
    granted("one", multicall(place.address() + last as u64, 1))?;
    equal(
        "its result",
        place.u64(last + 8).load(ordering),
        4 << 16 | 17,
    )
}
