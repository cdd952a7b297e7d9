//! Memory before the frame table exists.

use super::ranges::{Range, Ranges};
use crate::boot::{BootInformation, RegionKind};
use crate::layout::MAX_RAM;
use crate::symbols::image_range;

/// Most disjoint ranges of RAM that are used.
pub const MAX_RANGES: usize = 64;
/// Below this, memory belongs to the firmware and to dom0's idea of a PC.
pub const FIRST_USABLE: u64 = 1 << 20;
/// What the boot tables map.
const BOOT_MAPPED: u64 = 4 << 30;

/// Hands out memory that is never given back, from the top of the largest free range below 4 GiB.
pub struct EarlyMemory {
    ram: Ranges<MAX_RANGES>,
    free: Ranges<MAX_RANGES>,
    taken: u64,
}

impl EarlyMemory {
    /// Sorts the loader's memory map; the image and the modules are not free.
    #[must_use]
    pub fn new(information: &BootInformation) -> Self {
        let mut ram = Ranges::new();
        for region in information
            .regions()
            .iter()
            .filter(|region| region.kind == RegionKind::Ram)
        {
            ram.add(Range::inner(
                region.start.max(FIRST_USABLE),
                region.end.min(MAX_RAM),
            ));
        }
        for region in information
            .regions()
            .iter()
            .filter(|region| region.kind != RegionKind::Ram)
        {
            ram.remove(Range::outer(region.start, region.end));
        }
        let mut free = ram;
        free.remove(image_range());
        for module in information.modules() {
            free.remove(Range::outer(module.start, module.end));
        }
        Self {
            ram,
            free,
            taken: 0,
        }
    }

    /// All RAM from 1 MiB on.
    #[must_use]
    pub fn ram(&self) -> &[Range] {
        self.ram.as_slice()
    }

    /// What of it is neither image, nor module, nor taken.
    #[must_use]
    pub fn free(&self) -> &[Range] {
        self.free.as_slice()
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes `size` bytes, aligned to `alignment`; the physical address, or `None` if there is no such room.
    pub fn take(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let place = |range: &Range| {
            let end = range.end.min(BOOT_MAPPED);
            let start = end.checked_sub(size)? / alignment * alignment;
            (start >= range.start).then_some((start, range.length()))
        };
        let (start, _) = self
            .free()
            .iter()
            .filter_map(place)
            .max_by_key(|&(_, length)| length)?;
        self.free.remove(Range::outer(start, start + size));
        self.taken += size;
        Some(start)
    }
}
