//! The battery-backed clock.

use crate::port::{read8, write8};

fn register(index: u8) -> u8 {
    // Bit 7 would mask NMIs.
    write8(0x70, index);
    read8(0x71)
}

/// The clock's registers 0..=9, 11 and 50 (seconds .. year, status B, century), read twice until they agree.
#[must_use]
pub fn read_clock() -> [u8; 12] {
    const INDEXES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 50];
    let read = || {
        for _ in 0..100_000 {
            if register(10) & 0x80 == 0 {
                break;
            }
        }
        INDEXES.map(register)
    };
    let mut last = read();
    for _ in 0..10 {
        let next = read();
        if next == last {
            break;
        }
        last = next;
    }
    last
}
