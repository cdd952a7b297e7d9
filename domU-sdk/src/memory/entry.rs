//! Page-table entries.

use ringwall_abi::{ENTRIES_PER_TABLE, Mfn, PAGE_SHIFT};

/// There is something.
pub const PRESENT: u64 = 1 << 0;
/// It may be written.
pub const WRITABLE: u64 = 1 << 1;
/// Ring 3 may use it: the guest's kernel runs there too.
pub const USER: u64 = 1 << 2;
/// It was used.
pub const ACCESSED: u64 = 1 << 5;
/// It was written.
pub const DIRTY: u64 = 1 << 6;
/// It is a large page, where the level has such.
pub const LARGE: u64 = 1 << 7;
/// It may not be executed.
pub const NO_EXECUTE: u64 = 1 << 63;
/// The bits of the frame: 51..=12.
pub const FRAME_MASK: u64 = 0x000f_ffff_ffff_f000;

/// What may be done with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and execute it.
    ReadOnly,
    /// Write it as well.
    ReadWrite,
}

/// An entry that maps a frame. Accessed and dirty are set: the CPU then has no need to.
#[must_use]
pub const fn leaf(frame: Mfn, access: Access) -> u64 {
    let writable = match access {
        Access::ReadOnly => 0,
        Access::ReadWrite => WRITABLE,
    };
    frame.raw() << PAGE_SHIFT & FRAME_MASK | PRESENT | USER | ACCESSED | DIRTY | writable
}

/// An entry that leads to a table of the level below.
#[must_use]
pub const fn branch(table: Mfn) -> u64 {
    table.raw() << PAGE_SHIFT & FRAME_MASK | PRESENT | WRITABLE | USER | ACCESSED | DIRTY
}

/// The frame that an entry names, where it is present.
#[must_use]
pub const fn target(entry: u64) -> Option<Mfn> {
    if entry & PRESENT == 0 {
        return None;
    }
    Some(Mfn::new((entry & FRAME_MASK) >> PAGE_SHIFT))
}

/// A level of page tables: 1 has the entries of pages, 4 is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Entries of pages.
    L1 = 1,
    /// Entries of 2 MiB each.
    L2 = 2,
    /// Entries of 1 GiB each.
    L3 = 3,
    /// The root: entries of 512 GiB each.
    L4 = 4,
}

impl Level {
    /// log2 of the bytes that an entry covers.
    #[must_use]
    pub const fn shift(self) -> u32 {
        PAGE_SHIFT + 9 * (self as u32 - 1)
    }

    /// The index of an address's entry in the table of this level: 0..=511.
    #[must_use]
    pub const fn index(self, address: u64) -> usize {
        super::word(address >> self.shift()) % ENTRIES_PER_TABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_nine_bits_each() {
        for (address, indices) in [
            (0, [0, 0, 0, 0]),
            (0x0000_0080_4020_1000, [1, 1, 1, 1]),
            (0xffff_ffff_ffff_f000, [511, 511, 511, 511]),
            (super::super::DIRECT_BASE, [273, 0, 0, 0]),
            (super::super::VIRT_BASE, [511, 510, 0, 0]),
        ] {
            let found = [Level::L4, Level::L3, Level::L2, Level::L1];
            assert_eq!(
                found.map(|level| level.index(address)),
                indices,
                "{address:#x}"
            );
        }
    }

    #[test]
    fn entries_name_their_frame() {
        let frame = Mfn::new(0x1_2345);
        assert_eq!(target(leaf(frame, Access::ReadOnly)), Some(frame));
        assert_eq!(target(branch(frame)), Some(frame));
        assert_eq!(target(leaf(frame, Access::ReadWrite) & !PRESENT), None);
        assert_eq!(leaf(frame, Access::ReadOnly) & WRITABLE, 0);
    }
}
