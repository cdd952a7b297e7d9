//! Reservations have limits: orders and counts that are too large, frames that are none, lists that can't be read are
//! refused, and the number of what was done says so: `public/memory.h`. Lessons 21 and 22. A domain that is none is
//! `ESRCH`, `EPERM` for those that may not ask.
#![no_std]
#![no_main]

use guests::reservation::{current, reservation, reservation_at};
use guests::sdk::abi::DomainId;
use guests::sdk::abi::memory::MemoryOp::{
    DecreaseReservation, IncreaseReservation, PopulatePhysmap,
};
use guests::{Check, ensure, equal};

guests::rule!(check);

fn check() -> Check {
    let before = current()?;
    for operation in [IncreaseReservation, DecreaseReservation, PopulatePhysmap] {
        for order in [19, 20, 32, 63, 64, 1 << 31, u32::MAX] {
            let answer = reservation(operation, &mut [0_u64; 2], order);
            ensure!(answer.0 <= 0, "{operation} of order {order}: {answer}");
        }
        for place in [
            0x10,
            0x8000_0000_0000_0000,
            0xffff_8300_0000_0000,
            u64::MAX - 7,
        ] {
            if operation == IncreaseReservation {
                continue;
            }
            let answer = reservation_at(operation, place, 2, 0, DomainId::SELF);
            ensure!(
                answer.0 <= 0,
                "{operation} of a list at {place:#x}: {answer}"
            );
        }
        let answer = reservation_at(operation, 0x10, u64::MAX >> 1, 0, DomainId::SELF);
        ensure!(answer.0 <= 0, "{operation} of all numbers: {answer}");
        let answer = reservation_at(operation, 0x10, 1, 0, DomainId::new(1234));
        ensure!(answer.0 <= 0, "{operation} of nobody: {answer}");
    }
    for frame in [0xf_ffff_fff0, u64::MAX, 1 << 52] {
        let answer = reservation(DecreaseReservation, &mut [frame], 0);
        ensure!(answer.0 <= 0, "frame {frame:#x} was given back: {answer}");
    }
    equal("pages", current()?, before)
}
