//! A page can be pinned as a table once it is mapped writable nowhere, and then can't be mapped writable; the pin
//! holds it so until it is taken back, after which it is a page like any other: `public/xen.h`,
//! `MMUEXT_PIN_L1_TABLE`. A second pin, a pin at another level, and an unpin of what has none are refused.
#![no_std]
#![no_main]

use guests::memory::{LEVELS, NOBODYS, pin, readable, set_leaf, unpin};
use guests::page::{map, page};
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Access, leaf};
use guests::{Check, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    for level in LEVELS {
        let (_, writable) = page()?;
        refused("mapped writable", pin(writable, level), errnos)?;
        let (place, frame) = readable()?;
        granted("pin", pin(frame, level))?;
        refused("a second pin", pin(frame, level), errnos)?;
        for other in LEVELS {
            if other != level {
                refused("another level", pin(frame, other), errnos)?;
            }
        }
        let value = leaf(frame, Access::ReadWrite);
        refused(
            "map it writable",
            set_leaf(place.address(), value, 2),
            errnos,
        )?;
        granted("unpin", unpin(frame))?;
        refused("unpin again", unpin(frame), errnos)?;
        map(place, frame, Access::ReadWrite)?;
        place
            .u64(0)
            .store(u64::MAX, core::sync::atomic::Ordering::SeqCst);
        place.u64(0).store(0, core::sync::atomic::Ordering::SeqCst);
        map(place, frame, Access::ReadOnly)?;
    }
    let (_, data) = page()?;
    refused("unpin data", unpin(data), errnos)?;
    refused("unpin nobody's", unpin(NOBODYS), errnos)?;
    refused("pin nobody's", pin(NOBODYS, LEVELS[0]), errnos)
}
