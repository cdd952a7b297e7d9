//! `MMUEXT_NEW_BASEPTR` loads another root, `MMUEXT_NEW_USER_BASEPTR` one for user code or none: each must be a table of the
//! fourth level, or able to become one: `public/xen.h`. Lesson 20: a root that is loaded stays a root when its pin goes.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::{NOBODYS, extended, pin, set, set_leaf, table, unpin};
use guests::page::page;
use guests::sdk::abi::Errno;
use guests::sdk::abi::xen::MmuExtCommand::{NewBaseptr, NewUserBaseptr};
use guests::sdk::memory::entry::{Access, Level, leaf};
use guests::tables::read;
use guests::{Check, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    let (data_place, data) = page()?;
    refused(
        "data as a root",
        extended(NewBaseptr, data.raw(), 0),
        errnos,
    )?;
    refused("nobody's", extended(NewBaseptr, NOBODYS.raw(), 0), errnos)?;
    refused(
        "nobody's, for the user",
        extended(NewUserBaseptr, NOBODYS.raw(), 0),
        errnos,
    )?;
    refused(
        "data, for the user",
        extended(NewUserBaseptr, data.raw(), 0),
        errnos,
    )?;
    granted("none for the user", extended(NewUserBaseptr, 0, 0))?;

    // A second root with all that the first one has of the guest's.
    let old = guests::tables::table(data_place.address(), Level::L4)?;
    let (place, root) = table(Level::L4)?;
    for slot in (0..256).chain(272..512) {
        let entry = read(old, slot)?;
        if entry != 0 {
            granted(slot, set(root, slot, entry))?;
        }
    }
    granted("the second root", extended(NewBaseptr, root.raw(), 0))?;
    data_place.u64(0).store(5, Ordering::SeqCst);
    equal("the data", data_place.u64(0).load(Ordering::SeqCst), 5)?;
    granted("its pin goes", unpin(root))?;
    let writable = leaf(root, Access::ReadWrite);
    refused(
        "map the loaded root writable",
        set_leaf(place.address(), writable, 2),
        errnos,
    )?;
    refused("pin it as another", pin(root, Level::L3), errnos)?;
    granted("the first root", extended(NewBaseptr, old.raw(), 0))?;
    granted("now it is data", set_leaf(place.address(), writable, 2))?;
    place.u64(0).store(0, Ordering::SeqCst);
    Ok(())
}
