//! Slots 256 to 271 of a root are the hypervisor's: a guest can't write them, and finds in a root of its own the
//! hypervisor's entries there: `public/arch-x86/xen-x86_64.h`. Lesson 17.
#![no_std]
#![no_main]

use guests::memory::{set, table};
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Level, branch};
use guests::{Check, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (_, l3) = table(Level::L3)?;
    let (_, root) = table(Level::L4)?;
    let errnos = &[Errno::EINVAL, Errno::EPERM];
    for slot in [256, 257, 264, 271] {
        for value in [0, branch(l3), 2] {
            refused(slot, set(root, slot, value), errnos)?;
        }
    }
    for slot in [0, 255, 272, 511] {
        granted(slot, set(root, slot, branch(l3)))?;
        granted(slot, set(root, slot, 0))?;
    }
    Ok(())
}
