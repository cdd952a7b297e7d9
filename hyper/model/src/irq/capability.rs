//! A device's means for messages, in its configuration space.
//!
//! Source: PCI Local Bus Specification 3.0, sections 6.7 and 6.8.

use super::{Mask, Message};

/// The configuration space of a device.
pub trait ConfigSpace {
    /// Reads 32 bits at a multiple of 4; all ones where there is no device.
    fn read(&self, register: u8) -> u32;
    /// Writes 32 bits at a multiple of 4.
    fn write(&self, register: u8, value: u32);
}

const COMMAND: u8 = 0x04;
const MEMORY_SPACE: u32 = 1 << 1;
const HAS_CAPABILITIES: u32 = 1 << 20;
const BASE_ADDRESSES: u8 = 0x10;
const FIRST_CAPABILITY: u8 = 0x34;
const MSI: u8 = 0x05;
const MSIX: u8 = 0x11;

/// Where a capability is. The list is the device's: it may be endless, so at most as many steps as fit.
fn find(config: &impl ConfigSpace, id: u8) -> Option<u8> {
    let command = config.read(COMMAND);
    if command == u32::MAX || command & HAS_CAPABILITIES == 0 {
        return None;
    }
    let mut next = config.read(FIRST_CAPABILITY).to_le_bytes()[0];
    for _ in 0..48 {
        let here = next & !3;
        if here < 0x40 {
            return None;
        }
        let [found, after, ..] = config.read(here).to_le_bytes();
        if found == id {
            return Some(here);
        }
        next = after;
    }
    None
}

/// The MSI capability. Enabling it is left to the domain that drives the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MsiCapability {
    register: u8,
    control: u32,
}

impl MsiCapability {
    /// Finds it.
    #[must_use]
    pub fn find(config: &impl ConfigSpace) -> Option<Self> {
        let register = find(config, MSI)?;
        // Its longest form ends inside the space.
        (register <= 0xe8).then(|| Self { register, control: config.read(register) })
    }

    /// How many messages the device can send: 1..=32.
    #[must_use]
    pub const fn room(self) -> u8 {
        let log = self.control >> 17 & 7;
        1 << if log > 5 { 5 } else { log }
    }

    /// Writes the message of the first of `count` (a power of two, at most [`Self::room`]).
    pub fn program(self, config: &impl ConfigSpace, message: Message, count: u8) {
        let Self { register, control } = self;
        config.write(register + 4, message.address);
        if self.is_long() {
            config.write(register + 8, 0);
        }
        let data = self.data_register();
        config.write(data, config.read(data) & 0xffff_0000 | message.data & 0xffff);
        config.write(register, control & !(7 << 20) | count.trailing_zeros() << 20);
    }

    /// Masks or unmasks message `index`, where the device can do so.
    pub fn set_mask(self, config: &impl ConfigSpace, index: u8, mask: Mask) {
        if self.control >> 24 & 1 == 0 {
            return;
        }
        let register = self.data_register() + 4;
        let bit = 1u32.checked_shl(index.into()).unwrap_or(0);
        let old = config.read(register);
        config.write(register, if mask == Mask::Masked { old | bit } else { old & !bit });
    }

    const fn is_long(self) -> bool {
        self.control >> 23 & 1 == 1
    }

    const fn data_register(self) -> u8 {
        self.register + if self.is_long() { 12 } else { 8 }
    }
}

/// The MSI-X capability. Enabling it is left to the domain that drives the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MsixCapability {
    entries: u16,
    bar: u64,
    table: u64,
}

impl MsixCapability {
    /// Finds it, if the device answers to accesses to its memory, in which the table is.
    #[must_use]
    pub fn find(config: &impl ConfigSpace) -> Option<Self> {
        let register = find(config, MSIX)?;
        if register > 0xf4 || config.read(COMMAND) & MEMORY_SPACE == 0 {
            return None;
        }
        let [_, _, low, high] = config.read(register).to_le_bytes();
        let entries = (u16::from_le_bytes([low, high]) & 0x7ff) + 1;
        let place = config.read(register + 4);
        let bar = base_address(config, (place & 7).to_le_bytes()[0])?;
        let table = bar.checked_add(u64::from(place & !7))?;
        table.checked_add(16 * u64::from(entries))?;
        Some(Self { entries, bar, table })
    }

    /// Where the device's region that has the table in it starts.
    #[must_use]
    pub const fn bar(self) -> u64 {
        self.bar
    }

    /// The physical address of an entry: address, upper address, data and control, of 4 bytes each.
    #[must_use]
    pub const fn entry(self, entry: u16) -> Option<u64> {
        if entry < self.entries { Some(self.table + 16 * entry as u64) } else { None }
    }
}

/// The physical address that a base address register holds, if it is one of memory.
fn base_address(config: &impl ConfigSpace, index: u8) -> Option<u64> {
    if index > 5 {
        return None;
    }
    let register = BASE_ADDRESSES + 4 * index;
    let low = config.read(register);
    let high = match low & 0b111 {
        0b000 | 0b010 => 0,
        0b100 if index < 5 => config.read(register + 4),
        _ => return None,
    };
    let address = u64::from(high) << 32 | u64::from(low & !0xf);
    (address != 0).then_some(address)
}
