//! The local APIC, by its registers in memory.
//!
//! Source: SDM vol. 3A, chapter 11.

use x86::apic::xapic::{
    XAPIC_EOI, XAPIC_ID, XAPIC_LVT_ERROR, XAPIC_LVT_LINT0, XAPIC_LVT_LINT1, XAPIC_LVT_TIMER, XAPIC_SVR,
    XAPIC_TIMER_CURRENT_COUNT, XAPIC_TIMER_DIV_CONF, XAPIC_TIMER_INIT_COUNT, XAPIC_TPR,
};

use crate::memory::device::Registers;

/// The vector of interrupts that were gone before they arrived.
pub const SPURIOUS_VECTOR: u8 = 0xff;
const MASKED: u32 = 1 << 16;
const ENABLE: u32 = 1 << 8;
const NMI: u32 = 4 << 8;
const IRR: u64 = 0x200;

/// This CPU's local APIC.
pub struct LocalApic {
    registers: Registers,
}

impl LocalApic {
    /// Maps the registers at their physical address.
    #[must_use]
    pub fn map(physical: u64) -> Option<Self> {
        Some(Self { registers: Registers::map(physical, 4096)? })
    }

    /// Turns this CPU's APIC on: everything masked but NMIs, timer one-shot at `timer_vector`.
    pub fn enable(&self, timer_vector: u8) {
        self.write(XAPIC_TPR, 0);
        self.write(XAPIC_SVR, ENABLE | u32::from(SPURIOUS_VECTOR));
        self.write(XAPIC_LVT_LINT0, MASKED);
        self.write(XAPIC_LVT_LINT1, NMI);
        self.write(XAPIC_LVT_ERROR, MASKED);
        // Divide by 1.
        self.write(XAPIC_TIMER_DIV_CONF, 0b1011);
        self.write(XAPIC_LVT_TIMER, u32::from(timer_vector));
        self.end_of_interrupt();
    }

    /// The APIC's number.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.read(XAPIC_ID).to_le_bytes()[3]
    }

    /// Ends the interrupt in service.
    #[inline]
    pub fn end_of_interrupt(&self) {
        self.write(XAPIC_EOI, 0);
    }

    /// Starts the timer; 0 stops it. Counts of the timer's own clock.
    #[inline]
    pub fn set_timer(&self, count: u32) {
        self.write(XAPIC_TIMER_INIT_COUNT, count);
    }

    /// What is left of the timer.
    #[must_use]
    pub fn timer_left(&self) -> u32 {
        self.read(XAPIC_TIMER_CURRENT_COUNT)
    }

    /// Whether an interrupt waits to be taken whose vector lies in one of the `words` of 32
    /// vectors: bit n stands for vectors 32n..32n+32. Each word costs an access to the device.
    #[must_use]
    #[inline]
    pub fn is_interrupt_pending(&self, words: u8) -> bool {
        let mut used = (0..8).filter(|word| words >> word & 1 == 1);
        used.any(|word| self.registers.read(IRR + 0x10 * word) != 0)
    }

    fn read(&self, register: u32) -> u32 {
        self.registers.read(register.into())
    }

    #[inline]
    fn write(&self, register: u32, value: u32) {
        self.registers.write(register.into(), value);
    }
}
