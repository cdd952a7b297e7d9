//! A page with content becomes a table only if every entry may stand there: one that may not makes the pin fail,
//! and the page stays what it was, with no reference held: `public/xen.h`. Lesson 6: what a failed validation took,
//! it gives back.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::{NOBODYS, pin, unpin};
use guests::page::{map, page};
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Access, LARGE, Level, branch, leaf};
use guests::{Check, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (place, frame) = page()?;
    let (data_place, data) = page()?;
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    let good = leaf(data, Access::ReadWrite);
    for bad in [
        leaf(NOBODYS, Access::ReadWrite),
        leaf(frame, Access::ReadWrite),
        good | 1 << 51,
    ] {
        // The bad one is the last: all others were taken before.
        for index in 0..511 {
            place.u64(index * 8).store(good, Ordering::SeqCst);
        }
        place.u64(511 * 8).store(bad, Ordering::SeqCst);
        map(place, frame, Access::ReadOnly)?;
        refused(bad, pin(frame, Level::L1), errnos)?;
        // The data has no mapping left but its own: it can become a table itself.
        map(data_place, data, Access::ReadOnly)?;
        granted("pin the data", pin(data, Level::L2))?;
        granted("unpin it", unpin(data))?;
        map(data_place, data, Access::ReadWrite)?;
        map(place, frame, Access::ReadWrite)?;
    }
    for level in [Level::L2, Level::L3, Level::L4] {
        for bad in [good, branch(data) | LARGE, branch(NOBODYS)] {
            for index in 0..512 {
                place.u64(index * 8).store(0, Ordering::SeqCst);
            }
            place.u64(7 * 8).store(bad, Ordering::SeqCst);
            map(place, frame, Access::ReadOnly)?;
            refused("an upper table", pin(frame, level), errnos)?;
            map(place, frame, Access::ReadWrite)?;
        }
    }
    Ok(())
}
