//! The wall clock stands in the shared page: seconds and nanoseconds since 1970 at system time 0, behind a
//! version that is even while they hold: `public/xen.h`. The nanoseconds are below a second, and the date
//! is not before the ABI's.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::sdk::abi::xen::SharedInfo;
use guests::sdk::start;
use guests::{Check, Verdict, ensure};

guests::rule!(check);

/// 2020-01-01.
const NOT_BEFORE: u64 = 1_577_836_800;

fn check() -> Check {
    let page = start::shared_info().ok_or_else(|| Verdict::error("no shared_info"))?;
    let word = |offset| page.u32(offset).load(Ordering::SeqCst);
    ensure!(
        word(SharedInfo::WC_VERSION).is_multiple_of(2),
        "the version stays odd"
    );
    let nanoseconds = word(SharedInfo::WC_NSEC);
    ensure!(
        nanoseconds < 1_000_000_000,
        "{nanoseconds} ns are no part of a second"
    );
    let seconds =
        u64::from(word(SharedInfo::WC_SEC_HI)) << 32 | u64::from(word(SharedInfo::WC_SEC));
    ensure!(
        seconds >= NOT_BEFORE,
        "{seconds} s are before the ABI's time"
    );
    Ok(())
}
