//! Interrupt controllers.

extern crate alloc;

use alloc::vec::Vec;

use ringwall_hw::acpi::Tables;
use ringwall_hw::irq::{IoApic, LocalApic, Route, disable_pic};
use ringwall_hw::{console, log};
use ringwall_model::irq::{Mask, Signal};
use spin::Once;

use super::lines;

/// The vector of the local APIC's timer.
pub(super) const TIMER_VECTOR: u8 = 0xf0;
/// The vector of the console's serial line.
pub(super) const CONSOLE_VECTOR: u8 = 0xf1;

pub(super) struct Controllers {
    pub(super) apic: LocalApic,
    /// Where interrupts go: the boot CPU.
    pub(super) destination: u8,
    io_apics: Vec<IoApic>,
    tables: Tables,
}

static CONTROLLERS: Once<Controllers> = Once::new();

/// Takes the controllers over, and routes the console's ISA interrupt. Says why it can't.
pub(crate) fn init(tables: Option<&Tables>, serial_irq: Option<u8>) -> Result<(), &'static str> {
    let tables = tables.ok_or("the machine has no ACPI tables, which say where its interrupts are")?;
    disable_pic();
    let apic = LocalApic::map(tables.local_apic).ok_or("no memory to map the local APIC")?;
    apic.enable(TIMER_VECTOR);
    let mut io_apics = Vec::new();
    for entry in &tables.io_apics {
        match IoApic::map(entry.address, entry.first_gsi) {
            Some(io_apic) => io_apics.push(io_apic),
            None => log!(Warning, "no IO-APIC at {:#x}, where the ACPI tables have one", entry.address),
        }
    }
    let pins = io_apics.iter().map(IoApic::end_gsi).max();
    let pins = pins.ok_or("the machine has no IO-APIC, through which devices interrupt")?;
    lines::init(pins, &tables.overrides)?;
    let destination = apic.id();
    let tables = tables.clone();
    let controllers = CONTROLLERS.call_once(|| Controllers { apic, destination, io_apics, tables });
    if let Some(irq) = serial_irq.filter(|_| console::is_initialized()) {
        controllers.route_console(irq);
        console::interrupts_on();
    }
    Ok(())
}

/// The controllers, once they are taken over.
#[inline]
pub(super) fn controllers() -> Option<&'static Controllers> {
    CONTROLLERS.get()
}

/// This CPU's local APIC.
pub(crate) fn apic() -> Option<&'static LocalApic> {
    Some(&controllers()?.apic)
}

/// What the firmware's tables say.
pub(crate) fn firmware() -> Option<&'static Tables> {
    Some(&controllers()?.tables)
}

/// Starts this CPU's timer, in counts of its clock; 0 stops it.
#[inline]
pub(crate) fn set_timer(counts: u32) {
    if let Some(apic) = apic() {
        apic.set_timer(counts);
    }
}

/// Whether an interrupt waits for this CPU.
#[inline]
pub(crate) fn is_pending() -> bool {
    const OWN: u8 = 1 << (TIMER_VECTOR / 32);
    apic().is_some_and(|apic| apic.is_interrupt_pending(OWN | lines::vector_words()))
}

/// Reads a register of the IO-APIC at a physical address.
pub(crate) fn read_io_apic(address: u64, register: u32) -> Option<u32> {
    let controllers = controllers()?;
    let entry = controllers.tables.io_apics.iter().find(|entry| entry.address == address)?;
    let io_apic = controllers.io_apic(entry.first_gsi)?;
    Some(io_apic.read(register & 0xff))
}

impl Controllers {
    /// Routes a pin.
    pub(super) fn route(&self, gsi: u32, vector: u8, signal: Signal, mask: Mask) {
        if let Some(io_apic) = self.io_apic(gsi) {
            io_apic.route(gsi, Route { vector, destination: self.destination, signal, mask });
        }
    }

    /// Masks or unmasks a pin that was routed like this.
    #[inline]
    pub(super) fn set_mask(&self, gsi: u32, vector: u8, signal: Signal, mask: Mask) {
        if let Some(io_apic) = self.io_apic(gsi) {
            io_apic.set_mask(gsi, Route { vector, destination: self.destination, signal, mask });
        }
    }

    #[inline]
    fn io_apic(&self, gsi: u32) -> Option<&IoApic> {
        self.io_apics.iter().find(|io_apic| io_apic.serves(gsi))
    }

    fn route_console(&self, irq: u8) {
        let wired = self.tables.overrides.iter().find(|entry| entry.irq == irq);
        let (gsi, signal) = wired.map_or((irq.into(), Signal::ISA), |entry| (entry.gsi, entry.signal));
        lines::keep_pin(gsi);
        self.route(gsi, CONSOLE_VECTOR, signal, Mask::Open);
    }
}
