//! An IO-APIC.
//!
//! Source: Intel 82093AA datasheet, section 3.

use crate::memory::device::Registers;

/// How a line signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// By a change.
    Edge,
    /// By being asserted.
    Level,
}

/// Which level of a line means "asserted".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polarity {
    /// High.
    ActiveHigh,
    /// Low.
    ActiveLow,
}

/// Where a pin's interrupts go, and how.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The vector.
    pub vector: u8,
    /// The local APIC's number.
    pub destination: u8,
    /// Edge or level.
    pub trigger: Trigger,
    /// Active high or low.
    pub polarity: Polarity,
    /// Whether it is held back.
    pub masked: bool,
}

impl Route {
    const fn bits(self) -> (u32, u32) {
        let low = self.vector as u32
            | (matches!(self.polarity, Polarity::ActiveLow) as u32) << 13
            | (matches!(self.trigger, Trigger::Level) as u32) << 15
            | (self.masked as u32) << 16;
        (low, (self.destination as u32) << 24)
    }
}

/// An IO-APIC and the range of interrupts that it serves.
pub struct IoApic {
    registers: Registers,
    first_gsi: u32,
    pins: u32,
}

const SELECT: u64 = 0;
const WINDOW: u64 = 0x10;
const VERSION: u32 = 1;
const REDIRECTION: u32 = 0x10;
const MASKED: u32 = 1 << 16;

impl IoApic {
    /// Maps the registers at their physical address, and masks every pin.
    #[must_use]
    pub fn map(physical: u64, first_gsi: u32) -> Option<Self> {
        let registers = Registers::map(physical, 0x20)?;
        let mut apic = Self { registers, first_gsi, pins: 0 };
        apic.pins = (apic.read(VERSION) >> 16 & 0xff) + 1;
        for pin in 0..apic.pins {
            apic.write(REDIRECTION + 2 * pin, MASKED);
        }
        Some(apic)
    }

    /// The number of this controller's first interrupt.
    #[must_use]
    pub fn first_gsi(&self) -> u32 {
        self.first_gsi
    }

    /// How many interrupts it serves.
    #[must_use]
    pub fn pins(&self) -> u32 {
        self.pins
    }

    /// Whether it serves the interrupt.
    #[must_use]
    pub fn serves(&self, gsi: u32) -> bool {
        gsi.checked_sub(self.first_gsi).is_some_and(|pin| pin < self.pins)
    }

    /// Routes an interrupt; nothing if it is another controller's.
    pub fn route(&self, gsi: u32, route: Route) {
        if self.serves(gsi) {
            let register = REDIRECTION + 2 * (gsi - self.first_gsi);
            let (low, high) = route.bits();
            self.write(register, MASKED);
            self.write(register + 1, high);
            self.write(register, low);
        }
    }

    /// Reads a register by its number.
    #[must_use]
    pub fn read(&self, register: u32) -> u32 {
        self.registers.write(SELECT, register);
        self.registers.read(WINDOW)
    }

    fn write(&self, register: u32, value: u32) {
        self.registers.write(SELECT, register);
        self.registers.write(WINDOW, value);
    }
}
