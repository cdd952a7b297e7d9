//! `XENMEM_decrease_reservation` gives frames back and `XENMEM_increase_reservation` takes new ones, which are zeroed and
//! the caller's: `public/memory.h`. Lesson 25: nothing of what was there before can be read. What is still mapped or
//! a table stays the caller's until it is not. Lesson 16: a pin is not taken back by it.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::table;
use guests::page::{map, page, remap};
use guests::reservation::{current, reservation};
use guests::sdk::abi::Mfn;
use guests::sdk::abi::memory::MemoryOp::{DecreaseReservation, IncreaseReservation};
use guests::sdk::memory::entry::{Access, Level};
use guests::{Check, differs, ensure, equal, granted};

guests::rule!(check);

const COUNT: usize = 8;

fn check() -> Check {
    let before = current()?;
    let mut frames = [0_u64; COUNT];
    let mut places = alloc::vec::Vec::new();
    for frame in &mut frames {
        let (place, own) = page()?;
        for word in 0..512 {
            place
                .u64(word * 8)
                .store(0x5ec4_e75e_c4e7_5ec4, Ordering::SeqCst);
        }
        remap(place, 0)?;
        places.push(place);
        *frame = own.raw();
    }
    let given = granted("decrease", reservation(DecreaseReservation, &mut frames, 0))?;
    equal("given back", given, COUNT as u64)?;
    equal("pages", current()?, before - COUNT as u64)?;
    for frame in frames {
        ensure!(
            map(places[0], Mfn::new(frame), Access::ReadOnly).is_err(),
            "it is mapped again"
        );
    }
    let mut taken = [0_u64; COUNT];
    let count = granted("increase", reservation(IncreaseReservation, &mut taken, 0))?;
    equal("taken", count, COUNT as u64)?;
    equal("pages", current()?, before)?;
    let mut traces = 0;
    for (place, frame) in places.iter().zip(taken) {
        map(place, Mfn::new(frame), Access::ReadWrite)?;
        for word in 0..512 {
            traces += u64::from(place.u64(word * 8).load(Ordering::SeqCst) != 0);
        }
    }
    if traces != 0 && frames.iter().any(|frame| taken.contains(frame)) {
        differs(
            "a domain gets its own frames back as they were: no other's trace, but no fresh page",
        );
    } else {
        equal("words that are not 0", traces, 0)?;
    }
    let (_, pinned) = table(Level::L1)?;
    let answer = reservation(DecreaseReservation, &mut [pinned.raw()], 0);
    if answer.0 == 1 {
        differs("a pinned table counts as given back, and is when its pin goes");
    } else {
        ensure!(answer.0 <= 0, "a pinned table: {answer}");
    }
    Ok(())
}

extern crate alloc;
