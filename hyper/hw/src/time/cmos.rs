//! The battery-backed clock.

use ringwall_model::time::RtcRegisters;

use crate::port::{read8, write8};

fn register(index: u8) -> u8 {
    // Bit 7 would mask NMIs.
    write8(0x70, index);
    read8(0x71)
}

/// The clock's registers, read until two readings agree.
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

/// One reading, begun outside of the clock's own update.
fn read_once() -> RtcRegisters {
    const UPDATING: u8 = 0x80;
    for _ in 0..100_000 {
        if register(10) & UPDATING == 0 {
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
        // Where PCs have it, and QEMU; what is no century is ignored.
        century: Some(register(50)),
        status_b: register(11),
    }
}
