//! `MMUEXT_CLEAR_PAGE` and `MMUEXT_COPY_PAGE` write whole pages of the caller's, and nothing that is a table or
//! another's: `public/xen.h`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::{NOBODYS, extended, table};
use guests::page::page;
use guests::sdk::abi::Errno;
use guests::sdk::abi::xen::MmuExtCommand::{ClearPage, CopyPage};
use guests::sdk::memory::entry::Level;
use guests::{Check, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (from, source) = page()?;
    let (to, target) = page()?;
    for word in 0..512 {
        from.u64(word * 8).store(word as u64 + 7, Ordering::SeqCst);
    }
    granted("copy", extended(CopyPage, target.raw(), source.raw()))?;
    for word in 0..512 {
        equal(
            word,
            to.u64(word * 8).load(Ordering::SeqCst),
            word as u64 + 7,
        )?;
    }
    granted("clear", extended(ClearPage, target.raw(), 0))?;
    for word in 0..512 {
        equal(word, to.u64(word * 8).load(Ordering::SeqCst), 0)?;
    }
    let (_, l1) = table(Level::L1)?;
    let errnos = &[Errno::EINVAL, Errno::EPERM];
    refused("clear a table", extended(ClearPage, l1.raw(), 0), errnos)?;
    refused(
        "copy to a table",
        extended(CopyPage, l1.raw(), source.raw()),
        errnos,
    )?;
    refused(
        "clear nobody's",
        extended(ClearPage, NOBODYS.raw(), 0),
        errnos,
    )?;
    refused(
        "copy nobody's",
        extended(CopyPage, target.raw(), NOBODYS.raw()),
        errnos,
    )
}
