//! An entry of a table leads to a table one level below, or from the first level to a page that is the guest's
//! and no table: everything else is refused, and nothing changes. `public/xen.h`, `mmu_update`.
#![no_std]
#![no_main]

use guests::memory::{LEVELS, NOBODYS, set, table};
use guests::page::page;
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Access, branch, leaf};
use guests::tables::read;
use guests::{Check, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    let mut tables = [(LEVELS[0], NOBODYS); 4];
    for (place, level) in tables.iter_mut().zip(LEVELS) {
        *place = (level, table(level)?.1);
    }
    let (_, data) = page()?;
    for (index, (level, upper)) in tables.iter().enumerate() {
        refused("nobody's frame", set(*upper, 5, branch(NOBODYS)), errnos)?;
        for (other, (_, lower)) in tables.iter().enumerate() {
            let value = branch(*lower);
            if other + 1 == index {
                granted("the level below", set(*upper, 5, value))?;
                equal("the entry", read(*upper, 5)? & !0x60, value & !0x60)?;
                granted("none", set(*upper, 5, 0))?;
            } else {
                refused(
                    format_args!("{level:?} to {other}"),
                    set(*upper, 5, value),
                    errnos,
                )?;
                equal("the entry", read(*upper, 5)?, 0)?;
            }
        }
        let value = leaf(data, Access::ReadWrite);
        if index == 0 {
            granted("data", set(*upper, 5, value))?;
            granted("none", set(*upper, 5, 0))?;
        } else {
            refused("data as a table", set(*upper, 5, value), errnos)?;
        }
    }
    Ok(())
}
