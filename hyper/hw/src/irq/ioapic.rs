//! An IO-APIC.
//!
//! Source: Intel 82093AA datasheet, section 3.

use ringwall_model::irq::{Mask, Polarity, Signal, Trigger};
use spin::Mutex;

use crate::memory::device::Registers;

/// Where a pin's interrupts go, and how.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The vector.
    pub vector: u8,
    /// The local APIC's number.
    pub destination: u8,
    /// How its line signals.
    pub signal: Signal,
    /// Whether it is held back.
    pub mask: Mask,
}

impl Route {
    const fn bits(self) -> (u32, u32) {
        let low = self.vector as u32
            | (matches!(self.signal.polarity, Polarity::ActiveLow) as u32) << 13
            | (matches!(self.signal.trigger, Trigger::Level) as u32) << 15
            | (matches!(self.mask, Mask::Masked) as u32) << 16;
        (low, (self.destination as u32) << 24)
    }
}

/// An IO-APIC and the range of interrupts that it serves.
pub struct IoApic {
    /// Lock order: a leaf. A register is reached in two accesses.
    registers: Mutex<Registers>,
    first_gsi: u32,
    pins: u32,
}

const SELECT: u64 = 0;
const WINDOW: u64 = 0x10;
const VERSION: u32 = 1;
const REDIRECTION: u32 = 0x10;
const MASKED: u32 = 1 << 16;
/// Registers are numbered by a byte.
const MAX_PINS: u32 = (256 - REDIRECTION) / 2;

impl IoApic {
    /// Maps the registers at their physical address, and masks every pin. `None` where there is no
    /// memory for the mapping, or no IO-APIC.
    #[must_use]
    pub fn map(physical: u64, first_gsi: u32) -> Option<Self> {
        let registers = Mutex::new(Registers::map(physical, 0x20)?);
        let mut apic = Self { registers, first_gsi, pins: 0 };
        apic.pins = (apic.read(VERSION) >> 16 & 0xff) + 1;
        if apic.pins > MAX_PINS {
            return None;
        }
        for pin in 0..apic.pins {
            apic.write(REDIRECTION + 2 * pin, MASKED);
        }
        Some(apic)
    }

    /// The number after that of this controller's last interrupt.
    #[must_use]
    pub fn end_gsi(&self) -> u32 {
        self.first_gsi.saturating_add(self.pins)
    }

    /// Whether it serves the interrupt.
    #[must_use]
    #[inline]
    pub fn serves(&self, gsi: u32) -> bool {
        self.register(gsi).is_some()
    }

    /// Routes an interrupt; nothing if it is another controller's.
    pub fn route(&self, gsi: u32, route: Route) {
        if let Some(register) = self.register(gsi) {
            let (low, high) = route.bits();
            self.write(register, MASKED);
            self.write(register + 1, high);
            self.write(register, low);
        }
    }

    /// Masks or unmasks an interrupt that was routed as `route` says but for the mask.
    #[inline]
    pub fn set_mask(&self, gsi: u32, route: Route) {
        if let Some(register) = self.register(gsi) {
            self.write(register, route.bits().0);
        }
    }

    /// Reads a register by its number.
    #[must_use]
    pub fn read(&self, register: u32) -> u32 {
        let registers = self.registers.lock();
        registers.write(SELECT, register);
        registers.read(WINDOW)
    }

    #[inline]
    fn write(&self, register: u32, value: u32) {
        let registers = self.registers.lock();
        registers.write(SELECT, register);
        registers.write(WINDOW, value);
    }

    /// The number of the first of the two registers of an interrupt, if it is this controller's.
    fn register(&self, gsi: u32) -> Option<u32> {
        let pin = gsi.checked_sub(self.first_gsi)?;
        (pin < self.pins).then_some(REDIRECTION + 2 * pin)
    }
}
