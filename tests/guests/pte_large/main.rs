//! Large pages are refused at each level that has them, whoever owns the memory: on the ABI only a domain that
//! was given them may use them (`public/features.h`). Lesson 1: an entry can't become a large one by a change
//! of that bit alone.
#![no_std]
#![no_main]

use guests::memory::{set, table};
use guests::page::page;
use guests::sdk::abi::{Errno, Mfn};
use guests::sdk::memory::entry::{Access, LARGE, Level, branch, leaf};
use guests::{Check, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (_, l1) = table(Level::L1)?;
    let (_, l2) = table(Level::L2)?;
    let (_, l3) = table(Level::L3)?;
    let (_, l4) = table(Level::L4)?;
    let (_, data) = page()?;
    let errnos = &[Errno::EINVAL, Errno::EPERM];
    let aligned = Mfn::new(data.raw() & !511);
    for target in [data, aligned, Mfn::new(0)] {
        let large = leaf(target, Access::ReadWrite) | LARGE;
        refused("level 2", set(l2, 0, large), errnos)?;
        refused("level 3", set(l3, 0, large), errnos)?;
        refused("level 4", set(l4, 0, large), errnos)?;
    }
    granted("a table", set(l2, 0, branch(l1)))?;
    refused("that bit alone", set(l2, 0, branch(l1) | LARGE), errnos)?;
    granted("a table", set(l3, 0, branch(l2)))?;
    refused("that bit alone", set(l3, 0, branch(l2) | LARGE), errnos)
}
