//! What was a table becomes data, or a table of another level, once nothing refers to it as a table, and not
//! before: `public/xen.h`. Lesson 9: whichever reference goes last ends it in the same way.
#![no_std]
#![no_main]

use guests::memory::{pin, readable, set, set_leaf, table, unpin};
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Access, Level, branch, leaf};
use guests::{Check, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    let (place, l1) = readable()?;
    let (_, l2) = table(Level::L2)?;
    let writable = |place: u64, frame| set_leaf(place, leaf(frame, Access::ReadWrite), 2);
    // Held by an entry alone, without a pin.
    granted("an entry makes it a table", set(l2, 0, branch(l1)))?;
    refused("writable", writable(place.address(), l1), errnos)?;
    granted("a pin as well", pin(l1, Level::L1))?;
    granted("the entry goes", set(l2, 0, 0))?;
    refused("writable", writable(place.address(), l1), errnos)?;
    granted("the entry comes back", set(l2, 1, branch(l1)))?;
    granted("the pin goes", unpin(l1))?;
    refused("writable", writable(place.address(), l1), errnos)?;
    refused("another level", pin(l1, Level::L3), errnos)?;
    granted("the last one goes", set(l2, 1, 0))?;
    granted("another level", pin(l1, Level::L3))?;
    granted("unpin", unpin(l1))?;
    granted("data", writable(place.address(), l1))?;
    place.u64(0).store(1, core::sync::atomic::Ordering::SeqCst);
    Ok(())
}
