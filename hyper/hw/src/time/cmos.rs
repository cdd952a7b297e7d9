//! The battery-backed clock.

use ringwall_model::time::RtcRegisters;

use crate::port::{read8, write8};

fn register(index: u8) -> u8 {
    // Bit 7 would mask NMIs.
    write8(0x70, index);
    read8(0x71)
}

/// The clock's registers, read twice until they agree.
#[must_use]
pub fn read_clock() -> RtcRegisters {
    let mut last = read_once();
    for _ in 0..10 {
        let next = read_once();
        if next == last {
            break;
        }
        last = next;
    }
    last
}

fn read_once() -> RtcRegisters {
    // Not while the clock changes them, which takes 2 ms at most.
    for _ in 0..100_000 {
        if register(0x0a) & 0x80 == 0 {
            break;
        }
    }
    RtcRegisters {
        second: register(0),
        minute: register(2),
        hour: register(4),
        day: register(7),
        month: register(8),
        year: register(9),
        // Where PCs have it; elsewhere it is hardly a century's number.
        century: Some(register(0x32)),
        status_b: register(0x0b),
    }
}
