//! Restarting the machine, and switching it off.

use spin::Once;

use crate::acpi::PowerManagement;
use crate::cpu::control;
use crate::port::{self, Width};
use crate::{console, log};

/// A reset register of the firmware's, in a port.
#[derive(Clone, Copy, Debug)]
pub struct ResetPort {
    /// The port.
    pub port: u16,
    /// What to write to it.
    pub value: u8,
}

static RESET_PORT: Once<ResetPort> = Once::new();
static POWER: Once<PowerManagement> = Once::new();

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

/// Keeps what switches the machine off.
pub fn set_power(power: PowerManagement) {
    POWER.call_once(|| power);
}

/// Switches the machine off, or halts it where that can't be done.
pub fn power_off() -> ! {
    if let Some(power) = POWER.get()
        && let Some(soft_off) = power.soft_off
    {
        let value = |port: u16, kind| enter(port::read(port, Width::Word), kind);
        enter_sleep(
            value(power.pm1a_control, soft_off.a),
            value(power.pm1b_control, soft_off.b),
        );
    }
    log!(Info, "halted: the machine may be switched off");
    console::go_synchronous();
    control::halt()
}

/// Writes the two PM1 control registers, which puts the machine to sleep. Returns if it did not.
pub fn enter_sleep(value_a: u16, value_b: u16) {
    let Some(power) = POWER.get() else { return };
    console::go_synchronous();
    for (port, value) in [(power.pm1a_control, value_a), (power.pm1b_control, value_b)] {
        if port != 0 {
            port::write(port, Width::Word, value.into());
        }
    }
    for _ in 0..1_000_000 {
        control::pause();
    }
}

/// A PM1 control register's value with a sleep type, and the bit that enters it.
///
/// Source: ACPI Specification 6.4, section 4.8.3.2.1.
fn enter(old: u32, kind: u8) -> u16 {
    const SLEEP_ENABLE: u16 = 1 << 13;
    let [low, high, ..] = old.to_le_bytes();
    u16::from_le_bytes([low, high]) & !(7 << 10) | u16::from(kind & 7) << 10 | SLEEP_ENABLE
}
