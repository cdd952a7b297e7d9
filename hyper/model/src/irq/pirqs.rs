//! What each PIRQ stands for.

use alloc::vec::Vec;

use ringwall_abi::physdev::PciDevice;

use super::{Arrival, DeviceMessage, Error, Line, Signal, Source, Vectors};
use crate::event::Pirq;

#[derive(Clone, Copy)]
enum Slot {
    Free,
    /// Promised by `get_free_pirq`.
    Reserved,
    Mapped(Line),
}

#[derive(Clone, Copy)]
struct Pin {
    signal: Signal,
    is_kept: bool,
}

/// The PIRQs of the domain that drives the devices.
pub struct Pirqs {
    slots: Vec<Slot>,
    pins: Vec<Pin>,
    vectors: Vectors,
    /// The PIRQ of each vector.
    owners: [Option<Pirq>; 256],
}

impl Pirqs {
    /// Numbers below `pirqs`, of which those below `pins` are pins. The first 16 pins are ISA's.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(pirqs: u32, pins: u32) -> Result<Self, Error> {
        let pin = |gsi| Pin {
            signal: if gsi < 16 { Signal::ISA } else { Signal::PCI },
            is_kept: false,
        };
        Ok(Self {
            slots: filled((0..pirqs).map(|_| Slot::Free))?,
            pins: filled((0..pins.min(pirqs)).map(pin))?,
            vectors: Vectors::new(),
            owners: [None; 256],
        })
    }

    /// In which words of 32 vectors there is one in use: bit n stands for vectors 32n..32n+32.
    #[must_use]
    pub fn vector_words(&self) -> u8 {
        self.vectors.words()
    }

    /// What a PIRQ stands for.
    ///
    /// # Errors
    /// [`Error::BadPirq`], [`Error::NotMapped`].
    pub fn line(&self, pirq: Pirq) -> Result<Line, Error> {
        match self.slots.get(index(pirq)).ok_or(Error::BadPirq)? {
            Slot::Mapped(line) => Ok(*line),
            Slot::Free | Slot::Reserved => Err(Error::NotMapped),
        }
    }

    /// The lines that are messages of a device.
    pub fn messages_of(&self, device: PciDevice) -> impl Iterator<Item = (Pirq, Line)> {
        (0u32..)
            .zip(&self.slots)
            .filter_map(move |(number, slot)| match slot {
                Slot::Mapped(line) => match line.source {
                    Source::Message(message) if message.device() == device => {
                        Some((Pirq::new(number), *line))
                    }
                    _ => None,
                },
                _ => None,
            })
    }

    /// A message of a device that [`Self::unmap`] takes.
    #[must_use]
    pub fn unused_message_of(&self, device: PciDevice) -> Option<Pirq> {
        let (pirq, _) = self
            .messages_of(device)
            .find(|&(pirq, line)| self.unmappable(pirq, line).is_ok())?;
        Some(pirq)
    }

    /// Keeps a pin for the hypervisor. Its PIRQ stands for nothing, and nobody changes its signal;
    /// a domain that tries to map it is told that all is well, for it tries each pin of ISA.
    ///
    /// # Errors
    /// [`Error::BadPirq`].
    pub fn keep_pin(&mut self, gsi: u32) -> Result<(), Error> {
        self.pin(gsi)?.is_kept = true;
        Ok(())
    }

    /// Says how a pin's line signals. Returns the line, to be routed, if its PIRQ is mapped.
    ///
    /// # Errors
    /// [`Error::BadPirq`]; [`Error::Bound`] where that would change a line in use.
    #[doc(alias = "PHYSDEVOP_setup_gsi")]
    pub fn set_signal(&mut self, gsi: u32, signal: Signal) -> Result<Option<Line>, Error> {
        let pin = *self.pin(gsi)?;
        if pin.is_kept || pin.signal == signal {
            return Ok(None);
        }
        let line = match self.mapped(Pirq::new(gsi)) {
            Ok(line) if line.is_bound => return Err(Error::Bound),
            Ok(line) => {
                line.source = Source::Pin { gsi, signal };
                Some(*line)
            }
            Err(_) => None,
        };
        self.pin(gsi)?.signal = signal;
        Ok(line)
    }

    /// Makes the PIRQ of a pin's number stand for the pin. Returns the line, to be routed, if it
    /// did not before, and the hypervisor does not keep the pin.
    ///
    /// # Errors
    /// [`Error::BadPirq`], [`Error::Full`].
    pub fn map_pin(&mut self, gsi: u32) -> Result<Option<Line>, Error> {
        let pin = *self.pin(gsi)?;
        let pirq = Pirq::new(gsi);
        if pin.is_kept || self.line(pirq).is_ok() {
            return Ok(None);
        }
        let vector = self.vectors.take(1).ok_or(Error::Full)?;
        let source = Source::Pin {
            gsi,
            signal: pin.signal,
        };
        Ok(Some(self.publish(pirq, source, vector)))
    }

    /// Promises a PIRQ for a message.
    ///
    /// # Errors
    /// [`Error::Full`].
    #[doc(alias = "PHYSDEVOP_get_free_pirq")]
    pub fn reserve(&mut self) -> Result<Pirq, Error> {
        let pirq = self.free_block(1).ok_or(Error::Full)?;
        self.set(pirq, Slot::Reserved);
        Ok(pirq)
    }

    /// Makes PIRQs stand for messages, and returns the first: one for an entry of an MSI-X table,
    /// `count` for MSI, which have successive PIRQs and vectors. `wanted` is one that is free or promised.
    ///
    /// # Errors
    /// [`Error::BadPirq`], [`Error::Mapped`], [`Error::Full`], [`Error::BadMessage`].
    pub fn map_messages(
        &mut self,
        first: DeviceMessage,
        wanted: Option<Pirq>,
    ) -> Result<(Pirq, Line), Error> {
        let count = match first {
            DeviceMessage::Msi {
                index: 0, count, ..
            } if count.is_power_of_two() => count,
            DeviceMessage::Msi { .. } => return Err(Error::BadMessage),
            DeviceMessage::Msix { .. } => 1,
        };
        if self
            .messages_of(first.device())
            .any(|(_, line)| collides(line.source, first))
        {
            return Err(Error::Mapped);
        }
        let pirq = match wanted {
            Some(pirq) => self.check_block(pirq, count)?,
            None => self.free_block(count).ok_or(Error::Full)?,
        };
        let vector = self.vectors.take(count).ok_or(Error::Full)?;
        for number in (0..count).rev() {
            let message = match first {
                DeviceMessage::Msi { device, .. } => DeviceMessage::Msi {
                    device,
                    index: number,
                    count,
                },
                entry @ DeviceMessage::Msix { .. } => entry,
            };
            let pirq = Pirq::new(pirq.raw() + u32::from(number));
            self.publish(pirq, Source::Message(message), vector + number);
        }
        Ok((pirq, self.line(pirq)?))
    }

    /// Makes a PIRQ stand for nothing; for the first of several MSI, all of them. Returns what it
    /// stood for.
    ///
    /// # Errors
    /// [`Error::BadPirq`]; [`Error::NotMapped`]; [`Error::Bound`], if one of them is;
    /// [`Error::BadMessage`] for one of several MSI that is not the first.
    #[doc(alias = "PHYSDEVOP_unmap_pirq")]
    pub fn unmap(&mut self, pirq: Pirq) -> Result<Line, Error> {
        let line = self.line(pirq)?;
        let count = self.unmappable(pirq, line)?;
        let pirqs = (0..count).map(|number| Pirq::new(pirq.raw() + u32::from(number)));
        for (pirq, vector) in pirqs.zip(line.vector..) {
            self.set(pirq, Slot::Free);
            self.set_owner(vector, None);
        }
        self.vectors.give(line.vector, count);
        Ok(line)
    }

    /// An event channel is bound from now on. Returns the line, to be unmasked.
    ///
    /// # Errors
    /// [`Error::BadPirq`], [`Error::NotMapped`], [`Error::Kept`].
    pub fn connect(&mut self, pirq: Pirq) -> Result<Line, Error> {
        if self.pins.get(index(pirq)).is_some_and(|pin| pin.is_kept) {
            return Err(Error::Kept);
        }
        let line = self.mapped(pirq)?;
        line.is_bound = true;
        line.is_held = false;
        Ok(*line)
    }

    /// No event channel is bound from now on. Returns the line, to be masked.
    ///
    /// # Errors
    /// [`Error::BadPirq`], [`Error::NotMapped`].
    pub fn disconnect(&mut self, pirq: Pirq) -> Result<Line, Error> {
        let line = self.mapped(pirq)?;
        line.is_bound = false;
        line.is_held = false;
        Ok(*line)
    }

    /// An interrupt arrived.
    pub fn arrive(&mut self, vector: u8) -> Arrival {
        let Some(pirq) = self.owners.get(usize::from(vector)).copied().flatten() else {
            return Arrival::Unknown;
        };
        match self.mapped(pirq) {
            Ok(line) if !line.is_bound => Arrival::Dropped,
            Ok(line) if line.needs_end() => {
                line.is_held = true;
                Arrival::Hold(pirq, *line)
            }
            Ok(_) => Arrival::Raise(pirq),
            Err(_) => Arrival::Unknown,
        }
    }

    /// The domain ends an interrupt. Returns the line if its pin is to be unmasked.
    ///
    /// # Errors
    /// [`Error::BadPirq`], [`Error::NotMapped`].
    #[doc(alias = "PHYSDEVOP_eoi")]
    pub fn end(&mut self, pirq: Pirq) -> Result<Option<Line>, Error> {
        let line = self.mapped(pirq)?;
        let was_held = core::mem::take(&mut line.is_held);
        Ok(was_held.then_some(*line))
    }

    /// How many PIRQs go with this one, if it may go.
    fn unmappable(&self, pirq: Pirq, line: Line) -> Result<u8, Error> {
        let count = match line.source {
            Source::Message(DeviceMessage::Msi {
                index: 0, count, ..
            }) => count,
            Source::Message(DeviceMessage::Msi { .. }) => return Err(Error::BadMessage),
            Source::Message(DeviceMessage::Msix { .. }) | Source::Pin { .. } => 1,
        };
        let mut pirqs = (0..count).map(|number| Pirq::new(pirq.raw() + u32::from(number)));
        let is_bound = |pirq| self.line(pirq).is_ok_and(|line| line.is_bound);
        if pirqs.any(is_bound) {
            Err(Error::Bound)
        } else {
            Ok(count)
        }
    }

    fn pin(&mut self, gsi: u32) -> Result<&mut Pin, Error> {
        self.pins
            .get_mut(index(Pirq::new(gsi)))
            .ok_or(Error::BadPirq)
    }

    fn mapped(&mut self, pirq: Pirq) -> Result<&mut Line, Error> {
        match self.slots.get_mut(index(pirq)).ok_or(Error::BadPirq)? {
            Slot::Mapped(line) => Ok(line),
            Slot::Free | Slot::Reserved => Err(Error::NotMapped),
        }
    }

    /// The highest `count` successive PIRQs that are free and no pins.
    fn free_block(&self, count: u8) -> Option<Pirq> {
        let messages = self.slots.get(self.pins.len()..)?;
        let mut windows = messages.windows(count.into()).enumerate();
        let is_free = |slot: &Slot| matches!(slot, Slot::Free);
        let (offset, _) = windows.rfind(|(_, window)| window.iter().all(is_free))?;
        u32::try_from(self.pins.len() + offset).ok().map(Pirq::new)
    }

    /// The PIRQs from `first` on, if they are no pins and stand for nothing.
    fn check_block(&self, first: Pirq, count: u8) -> Result<Pirq, Error> {
        let start = index(first);
        let end = start.checked_add(count.into()).ok_or(Error::BadPirq)?;
        let slots = self.slots.get(start..end).ok_or(Error::BadPirq)?;
        if start < self.pins.len() {
            return Err(Error::BadPirq);
        }
        let is_mapped = |slot: &Slot| matches!(slot, Slot::Mapped(_));
        if slots.iter().any(is_mapped) {
            Err(Error::Mapped)
        } else {
            Ok(first)
        }
    }

    fn publish(&mut self, pirq: Pirq, source: Source, vector: u8) -> Line {
        let line = Line {
            source,
            vector,
            is_bound: false,
            is_held: false,
        };
        self.set(pirq, Slot::Mapped(line));
        self.set_owner(vector, Some(pirq));
        line
    }

    fn set(&mut self, pirq: Pirq, new: Slot) {
        if let Some(slot) = self.slots.get_mut(index(pirq)) {
            *slot = new;
        }
    }

    fn set_owner(&mut self, vector: u8, pirq: Option<Pirq>) {
        if let Some(owner) = self.owners.get_mut(usize::from(vector)) {
            *owner = pirq;
        }
    }
}

/// Whether a line and a message of the same device can't both be: MSI beside anything, an entry twice.
fn collides(source: Source, new: DeviceMessage) -> bool {
    match (source, new) {
        (
            Source::Message(DeviceMessage::Msix { entry: old, .. }),
            DeviceMessage::Msix { entry, .. },
        ) => old == entry,
        (Source::Message(_), _) => true,
        (Source::Pin { .. }, _) => false,
    }
}

fn index(pirq: Pirq) -> usize {
    usize::try_from(pirq.raw()).unwrap_or(usize::MAX)
}

fn filled<T>(items: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    list.try_reserve_exact(items.len())
        .map_err(|_| Error::OutOfMemory)?;
    list.extend(items);
    Ok(list)
}
