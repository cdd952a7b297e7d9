//! `GNTTABOP_cache_flush` writes back or drops cache lines of a page of the caller's: offsets and lengths
//! beyond the page are `EINVAL`, as are flags that are none: `public/grant_table.h`.
#![no_std]
#![no_main]

use guests::page::page;
use guests::sdk::abi::Errno;
use guests::sdk::abi::PAGE_SHIFT;
use guests::sdk::abi::grant_table::{CacheFlush, CacheFlushFlags};
use guests::sdk::hypercall::grant_cache_flush;
use guests::{Answer, Check, granted, refused};

guests::rule!(check);

fn flush(page: u64, offset: u16, length: u16, op: CacheFlushFlags) -> Answer {
    let argument = CacheFlush {
        page,
        offset,
        length,
        op,
    };
    #[expect(unsafe_code, reason = "asks what caches hold of it to go")]
    // SAFETY: nothing is in the page.
    let result = unsafe { grant_cache_flush(&mut [argument]) };
    result.into()
}

fn check() -> Check {
    let address = page()?.1.raw() << PAGE_SHIFT;
    let clean = CacheFlushFlags::CLEAN;
    let invalid = &[Errno::EINVAL];
    refused("beyond the page", flush(address, 4000, 200, clean), invalid)?;
    refused("an offset beyond", flush(address, 5000, 0, clean), invalid)?;
    let both = clean | CacheFlushFlags::INVAL;
    granted("a line", flush(address, 64, 64, clean))?;
    granted("the page", flush(address, 0, 4096, both))?;
    let none = CacheFlushFlags::from_bits_retain(1 << 7);
    refused("no such flag", flush(address, 0, 64, none), invalid)
}
