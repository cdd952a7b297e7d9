//! Restarting the machine.

use spin::Once;

use crate::cpu::control;
use crate::port;

/// A reset register of the firmware's, in a port.
#[derive(Clone, Copy, Debug)]
pub struct ResetPort {
    /// The port.
    pub port: u16,
    /// What to write to it.
    pub value: u8,
}

static RESET_PORT: Once<ResetPort> = Once::new();

/// Keeps the firmware's reset register.
pub fn set_reset_port(reset: ResetPort) {
    RESET_PORT.call_once(|| reset);
}

/// Restarts the machine: by the firmware's register, the chipset's, or the keyboard controller's.
pub fn restart() -> ! {
    if let Some(reset) = RESET_PORT.get() {
        port::write8(reset.port, reset.value);
    }
    port::write8(0xcf9, 0x02);
    port::write8(0xcf9, 0x06);
    for _ in 0..100 {
        port::write8(0x64, 0xfe);
        for _ in 0..10_000 {
            control::pause();
        }
    }
    control::halt()
}
