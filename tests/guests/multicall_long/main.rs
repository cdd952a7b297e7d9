//! A long list of calls is preempted and goes on where it was, so that events come in between; each entry is
//! done once: `public/xen.h`. Lesson 55: the progress is in the guest's registers, and is checked.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;

use guests::events::{set_masked, take_pending, virq};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::xen::{MulticallEntry, Virq};
use guests::sdk::time::monotonic_ns;
use guests::{Check, address_mut, ask, ensure, equal, granted};

guests::rule!(check);

const COUNT: usize = 20_000;

fn check() -> Check {
    let timer = virq(Virq::Timer)?;
    set_masked(timer, false);
    let version = u64::from(Hypercall::XenVersion.number());
    let entry = MulticallEntry {
        op: version,
        result: 0x5555,
        ..MulticallEntry::default()
    };
    let mut list = vec![entry; COUNT];
    granted(
        "timer",
        ask(Hypercall::SetTimerOp, [monotonic_ns() + 200_000]),
    )?;
    let arguments = [address_mut(list.as_mut_slice()), COUNT as u64];
    equal(
        "the whole",
        granted("multicall", ask(Hypercall::Multicall, arguments))?,
        0,
    )?;
    for (index, entry) in list.iter().enumerate() {
        ensure!(
            entry.result == 4 << 16 | 17,
            "entry {index}: {:#x}",
            entry.result
        );
    }
    ensure!(take_pending(timer), "the timer did not come");
    Ok(())
}
