//! A translation that another virtual CPU has used does not outlive what it leads to: a page that is a page table now, or
//! is given back, is not written by it, though its mapping went without a flush. `public/xen.h`: flushes of one's own
//! mappings are the guest's affair, those by which frames change their use the hypervisor's. Lessons 3, 4 and 13.
#![no_std]
#![no_main]

extern crate alloc;

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use guests::memory::{pin, set_leaf, unpin};
use guests::page::page;
use guests::sdk::SharedPage;
use guests::sdk::hypercall::yield_now;
use guests::sdk::memory::entry::{Access, Level, leaf};
use guests::sdk::trap::probe;
use guests::vcpus::{start, until};
use guests::{Check, equal, granted};

guests::rule!(check);

static STOP: AtomicBool = AtomicBool::new(false);
/// Writes that the second one made, and attempts that were exceptions.
static WRITTEN: AtomicU64 = AtomicU64::new(0);
static FAULTED: AtomicU64 = AtomicU64::new(0);

/// Writes to the address, as often as it runs.
fn hammer(address: u64) {
    while !STOP.load(Ordering::SeqCst) {
        // An entry that leads nowhere: what reached a table would show, and do no harm.
        // SAFETY: the page is the test's own.
        #[expect(unsafe_code, reason = "writes")]
        let outcome = unsafe { probe::write(address, 0xabc0) };
        match outcome {
            Ok(()) => WRITTEN.fetch_add(1, Ordering::SeqCst),
            Err(_) => FAULTED.fetch_add(1, Ordering::SeqCst),
        };
        yield_now();
    }
}

/// Waits for one more of these.
fn more(what: &str, counter: &AtomicU64) -> Check {
    let before = counter.load(Ordering::SeqCst);
    until(what, || counter.load(Ordering::SeqCst) > before + 2)
}

fn first_word(window: &SharedPage) -> u64 {
    window.u64(0).load(Ordering::SeqCst)
}

fn check() -> Check {
    let (place, frame) = page()?;
    let (window, _) = page()?;
    let address = place.address();
    let other = start(move || hammer(address))?;
    for round in 0..20 {
        let map = set_leaf(address, leaf(frame, Access::ReadWrite), 2);
        granted("a writable mapping", map)?;
        more("writes", &WRITTEN)?;
        // No flush: the other one may still have the translation.
        let unmap = set_leaf(address, 0, 0);
        granted("the mapping goes", unmap)?;
        let view = set_leaf(window.address(), leaf(frame, Access::ReadOnly), 2);
        granted("a view", view)?;
        let cleared = set_leaf(address, leaf(frame, Access::ReadWrite), 0);
        granted("mapped again", cleared)?;
        place.u64(0).store(0, Ordering::SeqCst);
        granted("and gone again", set_leaf(address, 0, 0))?;
        granted("pin", pin(frame, Level::L1))?;
        let before = first_word(window);
        more("exceptions", &FAULTED)?;
        equal(
            format_args!("the table in round {round}"),
            first_word(window),
            before,
        )?;
        granted("unpin", unpin(frame))?;
        granted("the view goes", set_leaf(window.address(), 0, 2))?;
    }
    STOP.store(true, Ordering::SeqCst);
    let last = set_leaf(address, leaf(frame, Access::ReadWrite), 2);
    granted("mapped for good", last)?;
    other.join();
    Ok(())
}
