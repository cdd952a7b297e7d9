//! What a domain gives back and has in a TLB still, as it unmapped it without a flush, is nobody's until it is flushed:
//! neither another domain's nor the hypervisor's own. Lesson 25. Here the hypervisor is made to take memory for the books of
//! ports: nothing of them may be seen through the old translation, which could write them as well.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::events::event;
use guests::memory::set_leaf;
use guests::page::page;
use guests::reservation::reservation;
use guests::sdk::abi::event_channel::{BindIpi, EventChannelOp};
use guests::sdk::abi::memory::MemoryOp::DecreaseReservation;
use guests::sdk::trap::probe;
use guests::{Check, ensure, equal, granted};

guests::rule!(check);

/// What is in each word of what is given back.
const OWN: u64 = 0x5ec4_e75e_c4e7_5ec4;

fn check() -> Check {
    let (place, frame) = page()?;
    for word in 0..512 {
        place.u64(word * 8).store(OWN, Ordering::SeqCst);
    }
    granted("no mapping, no flush", set_leaf(place.address(), 0, 0))?;
    let mut list = [frame.raw()];
    let count = granted("decrease", reservation(DecreaseReservation, &mut list, 0))?;
    equal("given back", count, 1)?;
    let mut ports = 0;
    while event(EventChannelOp::BindIpi, &mut BindIpi::default()).is_ok() {
        ports += 1;
        ensure!(ports < 5000, "there is no limit");
        for word in 0..512 {
            // Zeros are no news: a hypervisor may clean what it gets back.
            match probe::read(place.address() + word * 8) {
                Ok(OWN | 0) => {}
                Ok(value) => ensure!(false, "word {word} is {value:#x} after {ports} ports"),
                // It was flushed, or has left the TLB for another reason.
                Err(_) => return Ok(()),
            }
        }
    }
    Ok(())
}
