//! A long list of updates is preempted and goes on, so that timers come in between, each update done once and in order:
//! `public/xen.h`. Lesson 7: the work between two looks at what waits is bounded.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use guests::events::{set_masked, take_pending, virq};
use guests::memory::{table, update};
use guests::page::page;
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{DomainId, Hypercall};
use guests::sdk::memory::entry::{Access, Level, leaf};
use guests::sdk::time::monotonic_ns;
use guests::tables::read;
use guests::{Check, address, address_mut, ask, ensure, equal, granted};

guests::rule!(check);

const COUNT: usize = 30_000;

fn check() -> Check {
    let timer = virq(Virq::Timer)?;
    set_masked(timer, false);
    let (_, l1) = table(Level::L1)?;
    let (_, data) = page()?;
    let list: Vec<_> = (0..COUNT)
        .map(|index| {
            let software = (index as u64 / 512 % 8) << 9;
            update(l1, index % 512, leaf(data, Access::ReadOnly) | software)
        })
        .collect();
    granted(
        "timer",
        ask(Hypercall::SetTimerOp, [monotonic_ns() + 200_000]),
    )?;
    let mut done = 0_u32;
    let own = u64::from(DomainId::SELF.raw());
    let arguments = [
        address(list.as_slice()),
        COUNT as u64,
        address_mut(&mut done),
        own,
    ];
    granted("the list", ask(Hypercall::MmuUpdate, arguments))?;
    equal("done", done as usize, COUNT)?;
    ensure!(take_pending(timer), "the timer did not come");
    for index in 0..512 {
        let last = (0..COUNT).rev().find(|update| update % 512 == index);
        let software = last.unwrap_or(0) as u64 / 512 % 8;
        equal(index, read(l1, index)? >> 9 & 7, software)?;
    }
    Ok(())
}
