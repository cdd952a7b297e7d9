//! What dom0's PIRQs stand for, and the pins and messages behind them.

use core::sync::atomic::{AtomicU8, Ordering};

use ringwall_abi::physdev::{IrqStatusFlags, PciDevice};
use ringwall_abi::{Errno, Port};
use ringwall_hw::acpi::Override;
use ringwall_model::event::{Pirq, PirqLines};
use ringwall_model::irq::{Arrival, DeviceMessage, Error, Line, Mask, Pirqs, Signal, Source};
use spin::Mutex;

use super::controllers::{Controllers, controllers};
use super::messages;
use crate::domain::MAX_PIRQS;

/// Lock order: after a domain's ports; before the controllers' and configuration space's.
static PIRQS: Mutex<Option<Pirqs>> = Mutex::new(None);
/// [`Pirqs::vector_words`], to be read without the lock.
static WORDS: AtomicU8 = AtomicU8::new(0);

pub(super) fn init(pins: u32, overrides: &[Override]) -> Result<(), &'static str> {
    let mut pirqs =
        Pirqs::new(MAX_PIRQS, pins).map_err(|_| "no memory for the table of interrupts")?;
    for entry in overrides {
        // An override of a pin that no IO-APIC has says nothing.
        let _ = pirqs.set_signal(entry.gsi, entry.signal);
    }
    *PIRQS.lock() = Some(pirqs);
    Ok(())
}

/// Keeps a pin for the hypervisor.
pub(super) fn keep_pin(gsi: u32) {
    // A pin that no IO-APIC has can't be bound anyway.
    let _ = with(|pirqs, _| pirqs.keep_pin(gsi));
}

/// In which words of 32 vectors there is a device's.
#[inline]
pub(super) fn vector_words() -> u8 {
    WORDS.load(Ordering::Relaxed)
}

/// An interrupt arrived: holds it back, if it comes by level, until dom0 ends it.
pub(super) fn arrive(controllers: &Controllers, vector: u8) -> Arrival {
    let mut pirqs = PIRQS.lock();
    let arrival = pirqs
        .as_mut()
        .map_or(Arrival::Unknown, |pirqs| pirqs.arrive(vector));
    if let Arrival::Hold(_, line) = arrival {
        set_pin_mask(controllers, &line, Mask::Masked);
    }
    arrival
}

/// dom0 ends an interrupt.
pub(crate) fn end(pirq: Pirq) -> Result<(), Errno> {
    with(|pirqs, controllers| {
        if let Some(line) = pirqs.end(pirq)? {
            set_pin_mask(controllers, &line, Mask::Open);
        }
        Ok(())
    })
}

/// What dom0 has to know of an interrupt.
pub(crate) fn status(pirq: Pirq) -> Result<IrqStatusFlags, Errno> {
    with(|pirqs, _| match pirqs.line(pirq) {
        Ok(line) if line.needs_end() => Ok(IrqStatusFlags::NEEDS_EOI),
        Ok(_) | Err(Error::NotMapped) => Ok(IrqStatusFlags::empty()),
        Err(error) => Err(error),
    })
}

/// Gives a pin its PIRQ, which has the pin's number.
pub(crate) fn map_pin(gsi: u32) -> Result<(), Errno> {
    remap(|pirqs, controllers| {
        if let Some(line) = pirqs.map_pin(gsi)? {
            route(controllers, &line, Mask::Masked);
        }
        Ok(())
    })
}

/// Says how a pin's line signals.
pub(crate) fn set_signal(gsi: u32, signal: Signal) -> Result<(), Errno> {
    with(|pirqs, controllers| {
        if let Some(line) = pirqs.set_signal(gsi, signal)? {
            route(controllers, &line, Mask::Masked);
        }
        Ok(())
    })
}

/// Promises a PIRQ for a message.
pub(crate) fn reserve() -> Result<Pirq, Errno> {
    with(|pirqs, _| pirqs.reserve())
}

/// Gives a device's messages PIRQs, and writes them into the device, masked. `bar` is where dom0
/// takes an MSI-X table's region to be.
pub(crate) fn map_messages(
    first: DeviceMessage,
    wanted: Option<Pirq>,
    bar: u64,
) -> Result<Pirq, Errno> {
    messages::check(first, bar)?;
    remap(|pirqs, controllers| {
        let (pirq, line) = pirqs.map_messages(first, wanted)?;
        if messages::program(first, line.vector, controllers.destination).is_err() {
            // The device changed since the check.
            let _ = pirqs.unmap(pirq);
            return Err(Error::BadMessage);
        }
        Ok(pirq)
    })
}

/// Makes a PIRQ stand for nothing.
pub(crate) fn unmap(pirq: Pirq) -> Result<(), Errno> {
    remap(|pirqs, controllers| {
        let line = pirqs.unmap(pirq)?;
        set_mask(controllers, &line, Mask::Masked);
        Ok(())
    })
}

/// Writes a device's messages into it again.
pub(crate) fn restore(device: PciDevice) -> Result<(), Errno> {
    with(|pirqs, controllers| {
        for (_, line) in pirqs.messages_of(device) {
            let Source::Message(message) = line.source else {
                continue;
            };
            messages::program(message, line.vector, controllers.destination)?;
            if line.is_bound {
                messages::set_mask(message, Mask::Open);
            }
        }
        Ok(())
    })
}

/// A device is gone: unmaps those of its messages that are not in use.
pub(crate) fn forget(device: PciDevice) -> Result<(), Errno> {
    remap(|pirqs, _| {
        while let Some(pirq) = pirqs.unused_message_of(device) {
            pirqs.unmap(pirq)?;
        }
        Ok(())
    })
}

/// The interrupts behind dom0's PIRQs.
pub(crate) struct Lines;

impl PirqLines for Lines {
    fn connect(&self, pirq: Pirq, _: Port) -> Result<(), Errno> {
        with(|pirqs, controllers| {
            let line = pirqs.connect(pirq)?;
            set_mask(controllers, &line, Mask::Open);
            Ok(())
        })
    }

    fn disconnect(&self, pirq: Pirq) {
        let _ = with(|pirqs, controllers| {
            let line = pirqs.disconnect(pirq)?;
            set_mask(controllers, &line, Mask::Masked);
            Ok(())
        });
    }
}

fn with<T>(act: impl FnOnce(&mut Pirqs, &Controllers) -> Result<T, Error>) -> Result<T, Errno> {
    let controllers = controllers().ok_or(Errno::ENODEV)?;
    let mut guard = PIRQS.lock();
    Ok(act(guard.as_mut().ok_or(Errno::ENODEV)?, controllers)?)
}

/// [`with`], for what takes vectors or gives them back.
fn remap<T>(act: impl FnOnce(&mut Pirqs, &Controllers) -> Result<T, Error>) -> Result<T, Errno> {
    with(|pirqs, controllers| {
        let result = act(pirqs, controllers);
        WORDS.store(pirqs.vector_words(), Ordering::Relaxed);
        result
    })
}

fn route(controllers: &Controllers, line: &Line, mask: Mask) {
    if let Source::Pin { gsi, signal } = line.source {
        controllers.route(gsi, line.vector, signal, mask);
    }
}

#[inline]
fn set_pin_mask(controllers: &Controllers, line: &Line, mask: Mask) {
    if let Source::Pin { gsi, signal } = line.source {
        controllers.set_mask(gsi, line.vector, signal, mask);
    }
}

fn set_mask(controllers: &Controllers, line: &Line, mask: Mask) {
    match line.source {
        Source::Pin { .. } => route(controllers, line, mask),
        Source::Message(message) => messages::set_mask(message, mask),
    }
}
