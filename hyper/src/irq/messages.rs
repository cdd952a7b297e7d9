//! Messages of devices: what is written into the devices themselves.

extern crate alloc;

use alloc::vec::Vec;

use ringwall_abi::{Errno, Mfn, PAGE_SHIFT, PAGE_SIZE};
use ringwall_hw::memory::device::Registers;
use ringwall_hw::memory::frames;
use ringwall_hw::pci::Function;
use ringwall_model::irq::{DeviceMessage, Error, Mask, Message, MsiCapability, MsixCapability};
use spin::Mutex;

use super::is_kept;

/// Bytes of an entry in an MSI-X table.
const ENTRY: u64 = 16;
/// Of the entry's control word.
const MASKED: u32 = 1;
/// Most pages of tables that are ever mapped; mappings are kept.
const MAX_PAGES: usize = 256;

/// Pages with MSI-X tables, by frame. Lock order: a leaf but for the heap's.
static PAGES: Mutex<Vec<(u64, Registers)>> = Mutex::new(Vec::new());

/// Whether a device has what a message needs. `bar` is where dom0 takes an MSI-X table's region to be.
pub(super) fn check(message: DeviceMessage, bar: u64) -> Result<(), Errno> {
    let config = Function::new(message.device()).ok_or(Errno::ENODEV)?;
    match message {
        DeviceMessage::Msi { count, .. } => {
            let capability = MsiCapability::find(&config).ok_or(Errno::ENODEV)?;
            if count <= capability.room() { Ok(()) } else { Err(Errno::EINVAL) }
        }
        DeviceMessage::Msix { entry, .. } => {
            let capability = MsixCapability::find(&config).ok_or(Errno::ENODEV)?;
            // Virtual functions, whose regions are not in their own registers, end here.
            if capability.bar() != bar {
                return Err(Errno::EINVAL);
            }
            let entry = capability.entry(entry).ok_or(Errno::EINVAL)?;
            with_entry(entry, |_, _| ()).ok_or(Errno::ENXIO)
        }
    }
}

/// Writes a message into its device, masked where it can be. Of several MSI only the first is written.
pub(super) fn program(message: DeviceMessage, vector: u8, destination: u8) -> Result<(), Error> {
    let content = Message::new(destination, vector);
    let config = Function::new(message.device()).ok_or(Error::BadMessage)?;
    match message {
        DeviceMessage::Msi { index: 0, count, .. } => {
            let capability = MsiCapability::find(&config).ok_or(Error::BadMessage)?;
            for index in 0..count {
                capability.set_mask(&config, index, Mask::Masked);
            }
            capability.program(&config, content, count);
            Ok(())
        }
        DeviceMessage::Msi { .. } => Ok(()),
        DeviceMessage::Msix { entry, .. } => {
            let capability = MsixCapability::find(&config).ok_or(Error::BadMessage)?;
            let entry = capability.entry(entry).ok_or(Error::BadMessage)?;
            with_entry(entry, |table, offset| {
                table.write(offset + 12, table.read(offset + 12) | MASKED);
                table.write(offset, content.address);
                table.write(offset + 4, 0);
                table.write(offset + 8, content.data);
            })
            .ok_or(Error::BadMessage)
        }
    }
}

/// Masks or unmasks a message, where its device can do so.
pub(super) fn set_mask(message: DeviceMessage, mask: Mask) {
    // A device that is gone, or whose memory is off, sends nothing.
    let Some(config) = Function::new(message.device()) else { return };
    match message {
        DeviceMessage::Msi { index, .. } => {
            if let Some(capability) = MsiCapability::find(&config) {
                capability.set_mask(&config, index, mask);
            }
        }
        DeviceMessage::Msix { entry, .. } => {
            let entry = MsixCapability::find(&config).and_then(|capability| capability.entry(entry));
            let _ = entry.and_then(|entry| {
                with_entry(entry, |table, offset| {
                    let control = table.read(offset + 12) & !MASKED;
                    let masked = if mask == Mask::Masked { MASKED } else { 0 };
                    table.write(offset + 12, control | masked);
                    // Read back: the write has reached the device.
                    let _ = table.read(offset + 12);
                })
            });
        }
    }
}

/// Lets `act` at the entry of a table at a physical address: its page, and its offset there.
fn with_entry<T>(address: u64, act: impl FnOnce(&Registers, u64) -> T) -> Option<T> {
    let (frame, offset) = (address >> PAGE_SHIFT, address % PAGE_SIZE as u64);
    // dom0 sets where a device's table is: never let it name memory, or what the hypervisor keeps.
    let mfn = Mfn::new(frame);
    if frames::is_ram(mfn) || is_kept(mfn) || offset + ENTRY > PAGE_SIZE as u64 {
        return None;
    }
    let mut pages = PAGES.lock();
    let known = pages.iter().position(|(mapped, _)| *mapped == frame);
    let position = match known {
        Some(position) => position,
        None => {
            if pages.len() >= MAX_PAGES || pages.try_reserve(1).is_err() {
                return None;
            }
            pages.push((frame, Registers::map(frame << PAGE_SHIFT, PAGE_SIZE as u64)?));
            pages.len() - 1
        }
    };
    pages.get(position).map(|(_, page)| act(page, offset))
}
