//! The legacy interrupt controllers: out of the way.

use crate::port::write8;

/// Moves both controllers to vectors that mean "spurious", and masks all their inputs.
pub fn disable() {
    // ICW1..ICW4: edge, cascade; vectors 0x20 and 0x28; input 2; 8086 mode.
    for (port, value) in
        [(0x20, 0x11), (0xa0, 0x11), (0x21, 0x20), (0xa1, 0x28), (0x21, 4), (0xa1, 2), (0x21, 1), (0xa1, 1)]
    {
        write8(port, value);
    }
    write8(0x21, 0xff);
    write8(0xa1, 0xff);
}
