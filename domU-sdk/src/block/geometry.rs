//! What the back end says of a disk.

use alloc::string::ToString;

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::io::blkif::DiskInfoFlags;

use super::{BlockError, UNIT};
use crate::device::Platform;
use crate::xenbus::{Device, DeviceError};

/// Whether a disk can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It can.
    Allowed,
    /// It can't.
    Refused,
}

/// What a disk is and can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Its size in units of 512 bytes.
    pub units: u64,
    /// Bytes of a sector: 512 to 4096. Requests start and end at sectors.
    pub sector_bytes: usize,
    /// Whether it can be written.
    pub writes: Writes,
    /// Whether it can flush its cache.
    pub flush: bool,
    /// Whether it can forget sectors.
    pub discard: bool,
}

impl Geometry {
    /// Reads and checks what the back end wrote before it connected.
    pub(super) fn read<P: Platform>(device: &Device<P>) -> Result<Self, BlockError> {
        let bad = |name: &str| DeviceError::BadNode(name.to_string());
        let units = device.backend_value("sectors")?;
        // A size beyond all bytes that 64 bits count is none.
        let units: u64 = units
            .filter(|units| *units < u64::MAX / UNIT)
            .ok_or_else(|| bad("sectors"))?;
        let sector_bytes: usize = device.backend_value("sector-size")?.unwrap_or(512);
        // A sector must fit into a page, where the requests' segments are.
        if !sector_bytes.is_power_of_two() || !(512..=PAGE_SIZE).contains(&sector_bytes) {
            return Err(bad("sector-size").into());
        }
        let info = device.backend_value("info")?.unwrap_or(0);
        let read_only = DiskInfoFlags::from_bits_retain(info).contains(DiskInfoFlags::READONLY);
        Ok(Self {
            units,
            sector_bytes,
            writes: if read_only {
                Writes::Refused
            } else {
                Writes::Allowed
            },
            flush: device.backend_has("feature-flush-cache")?,
            discard: device.backend_has("feature-discard")?,
        })
    }

    /// Bytes of the disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.units * UNIT
    }

    /// Checks that a request of `length` bytes at `offset` is one of whole sectors on the disk; returns
    /// its first unit.
    pub(super) fn check(&self, offset: u64, length: u64) -> Result<u64, BlockError> {
        let sector = self.sector_bytes as u64;
        if !offset.is_multiple_of(sector) || !length.is_multiple_of(sector) || length == 0 {
            return Err(BlockError::Misaligned);
        }
        match offset.checked_add(length) {
            Some(end) if end <= self.bytes() => Ok(offset / UNIT),
            _ => Err(BlockError::OutOfRange),
        }
    }
}
