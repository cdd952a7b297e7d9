//! What the hypervisor needs of the firmware's ACPI tables.
//!
//! Source: ACPI Specification 6.4, chapter 5.

extern crate alloc;

use alloc::vec::Vec;

use ringwall_model::irq::{Polarity, Signal, Trigger};

use crate::memory::device::firmware;
use crate::reset::ResetPort;

/// A CPU of the MADT that is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Its local APIC's number.
    pub apic_id: u8,
    /// Its number in the ACPI tables.
    pub acpi_id: u8,
}

/// An IO-APIC of the MADT.
#[derive(Clone, Copy, Debug)]
pub struct IoApicEntry {
    /// Physical address of its registers.
    pub address: u64,
    /// Its first interrupt.
    pub first_gsi: u32,
    /// Its number.
    pub id: u8,
}

/// An ISA interrupt that is not wired one to one.
#[derive(Clone, Copy, Debug)]
pub struct Override {
    /// The ISA interrupt.
    pub irq: u8,
    /// The IO-APIC interrupt.
    pub gsi: u32,
    /// How its line signals.
    pub signal: Signal,
}

/// A range of PCI buses whose configuration space is in memory.
#[derive(Clone, Copy, Debug)]
pub struct ConfigSpace {
    /// Physical address of bus 0.
    pub address: u64,
    /// Segment group.
    pub segment: u16,
    /// First bus.
    pub first_bus: u8,
    /// Last bus.
    pub last_bus: u8,
}

/// The ports of the power-management registers.
#[derive(Clone, Copy, Debug, Default)]
pub struct PowerManagement {
    /// PM1a control block; 0: none.
    pub pm1a_control: u16,
    /// PM1b control block; 0: none.
    pub pm1b_control: u16,
}

/// What the tables say.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Physical address of the root pointer.
    pub root_pointer: u64,
    /// CPUs that are usable.
    pub processors: Vec<Processor>,
    /// Physical address of the local APICs.
    pub local_apic: u64,
    /// IO-APICs.
    pub io_apics: Vec<IoApicEntry>,
    /// ISA interrupts that are not one to one.
    pub overrides: Vec<Override>,
    /// PCI configuration space in memory.
    pub config_spaces: Vec<ConfigSpace>,
    /// Power-management ports.
    pub power: PowerManagement,
    /// The reset register, if it is a port.
    pub reset: Option<ResetPort>,
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn word16(bytes: &[u8], at: usize) -> Option<u16> {
    field(bytes, at).map(u16::from_le_bytes)
}

fn word32(bytes: &[u8], at: usize) -> Option<u32> {
    field(bytes, at).map(u32::from_le_bytes)
}

fn word64(bytes: &[u8], at: usize) -> Option<u64> {
    field(bytes, at).map(u64::from_le_bytes)
}

fn sums_to_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) == 0
}

/// Finds the tables, from the root pointer that the boot loader passed or by the BIOS's convention.
#[must_use]
pub fn find(hint: Option<u64>) -> Option<Tables> {
    let (root_pointer, root) = match hint {
        Some(address) => (address, firmware(address, 36)?),
        None => scan()?,
    };
    let extended = root.get(15)? >= &2 && word64(root, 24)? != 0;
    let (address, size) =
        if extended { (word64(root, 24)?, 8) } else { (word32(root, 16)?.into(), 4) };
    let index = table(address)?;
    let mut tables = Tables { root_pointer, local_apic: 0xfee0_0000, ..Tables::default() };
    for entry in index.get(36..)?.chunks_exact(size) {
        let address = if extended { word64(entry, 0)? } else { word32(entry, 0)?.into() };
        let Some(table) = table(address) else { continue };
        // A table that ends early says nothing more.
        let _ = match table.get(..4) {
            Some(b"APIC") => read_madt(&mut tables, table),
            Some(b"FACP") => read_fadt(&mut tables, table),
            Some(b"MCFG") => read_mcfg(&mut tables, table),
            _ => None,
        };
    }
    Some(tables)
}

fn scan() -> Option<(u64, &'static [u8])> {
    let extended_data = word16(firmware(0x40e, 2)?, 0)?;
    let areas = [(u64::from(extended_data) << 4, 1024), (0xe_0000, 0x2_0000)];
    for (start, length) in areas {
        let Some(area) = firmware(start, length) else { continue };
        for offset in (0..area.len()).step_by(16) {
            let Some(candidate) = area.get(offset..offset + 20) else { break };
            if candidate.starts_with(b"RSD PTR ") && sums_to_zero(candidate) {
                let address = start + offset as u64;
                return Some((address, firmware(address, 36)?));
            }
        }
    }
    None
}

fn table(address: u64) -> Option<&'static [u8]> {
    let length = word32(firmware(address, 36)?, 4)?;
    let table = firmware(address, length.into())?;
    (length >= 36 && sums_to_zero(table)).then_some(table)
}

fn read_madt(tables: &mut Tables, table: &[u8]) -> Option<()> {
    tables.local_apic = word32(table, 36)?.into();
    let mut rest = table.get(44..)?;
    while let Some(&[kind, length]) = rest.first_chunk() {
        let entry = rest.get(..usize::from(length))?;
        match kind {
            0 if word32(entry, 4)? & 1 == 1 => {
                let (acpi_id, apic_id) = (*entry.get(2)?, *entry.get(3)?);
                tables.processors.push(Processor { apic_id, acpi_id });
            }
            1 => tables.io_apics.push(IoApicEntry {
                id: *entry.get(2)?,
                address: word32(entry, 4)?.into(),
                first_gsi: word32(entry, 8)?,
            }),
            2 => {
                let flags = word16(entry, 8)?;
                let polarity =
                    if flags & 3 == 3 { Polarity::ActiveLow } else { Polarity::ActiveHigh };
                let trigger = if flags >> 2 & 3 == 3 { Trigger::Level } else { Trigger::Edge };
                let (irq, gsi) = (*entry.get(3)?, word32(entry, 4)?);
                tables.overrides.push(Override { irq, gsi, signal: Signal { trigger, polarity } });
            }
            5 => tables.local_apic = word64(entry, 4)?,
            _ => {}
        }
        rest = rest.get(usize::from(length).max(2)..)?;
    }
    Some(())
}

fn read_fadt(tables: &mut Tables, table: &[u8]) -> Option<()> {
    let port = |at| word32(table, at).and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
    tables.power = PowerManagement { pm1a_control: port(64), pm1b_control: port(68) };
    let has_reset = word32(table, 112)? & 1 << 10 != 0;
    // A generic address: space 1 is I/O ports.
    if has_reset && *table.get(116)? == 1 {
        let port = u16::try_from(word64(table, 120)?).ok()?;
        tables.reset = Some(ResetPort { port, value: *table.get(128)? });
    }
    Some(())
}

fn read_mcfg(tables: &mut Tables, table: &[u8]) -> Option<()> {
    for entry in table.get(44..)?.chunks_exact(16) {
        tables.config_spaces.push(ConfigSpace {
            address: word64(entry, 0)?,
            segment: word16(entry, 8)?,
            first_bus: *entry.get(10)?,
            last_bus: *entry.get(11)?,
        });
    }
    Some(())
}
