//! Page-table entries.

use core::ops::RangeInclusive;

use bitflags::bitflags;
use ringwall_abi::{GuestAddress, MachineAddress, Mfn, PAGE_SHIFT};

use super::error::Error;

/// The slots of a root table that are the hypervisor's in every address space.
///
/// Source: `public/arch-x86/xen-x86_64.h`, the map of the address space.
pub const HYPERVISOR_SLOTS: RangeInclusive<u16> = 256..=271;

bitflags! {
    /// The bits of an entry that are not its frame number.
    ///
    /// Source: SDM vol. 3A, 4.5.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Flags: u64 {
        /// The entry is in use; without it the CPU looks at no other bit.
        const PRESENT = 1 << 0;
        /// What the entry maps may be written.
        const WRITE = 1 << 1;
        /// What the entry maps may be accessed from ring 3.
        const USER = 1 << 2;
        /// Memory type, bit 0 of the index into the page attribute table.
        const WRITE_THROUGH = 1 << 3;
        /// Memory type, bit 1.
        const CACHE_DISABLE = 1 << 4;
        /// The CPU has used the entry.
        const ACCESSED = 1 << 5;
        /// The CPU has written through the entry; ignored above level 1.
        const DIRTY = 1 << 6;
        /// Level 1: memory type, bit 2. Levels 2 and 3: the entry maps a large page.
        const SIZE_OR_ATTRIBUTE = 1 << 7;
        /// The translation survives a change of the root.
        const GLOBAL = 1 << 8;
        /// Bits 9-11 and 52-62, which the CPU ignores (59-62: while protection keys are off).
        const SOFTWARE = 0x7ff0_0000_0000_0e00;
        /// What the entry maps holds no instructions.
        const NO_EXECUTE = 1 << 63;
        /// Level 1: the three bits that choose the memory type; none set means write-back.
        const MEMORY_TYPE = Self::WRITE_THROUGH.bits()
            | Self::CACHE_DISABLE.bits()
            | Self::SIZE_OR_ATTRIBUTE.bits();
    }
}

/// A page-table entry: a number until a [`Policy`](super::Policy) has looked at it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct Entry(u64);

impl Entry {
    /// Bits 12-51: the frame's address.
    pub const FRAME_MASK: u64 = 0x000f_ffff_ffff_f000;
    /// The entry that maps nothing.
    pub const NONE: Self = Self(0);

    /// Takes the number as it is; nothing is checked.
    #[must_use]
    #[inline]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// An entry that maps a frame. Bits of the frame number that an entry has no room for are
    /// dropped.
    #[must_use]
    #[inline]
    pub const fn map(mfn: Mfn, flags: Flags) -> Self {
        Self(mfn.raw() << PAGE_SHIFT & Self::FRAME_MASK | flags.bits())
    }

    /// The number.
    #[must_use]
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Its flags.
    #[must_use]
    #[inline]
    pub const fn flags(self) -> Flags {
        Flags::from_bits_retain(self.0 & !Self::FRAME_MASK)
    }

    /// The frame that it names, whether it is present or not.
    #[must_use]
    #[inline]
    pub const fn frame(self) -> Mfn {
        Mfn::new((self.0 & Self::FRAME_MASK) >> PAGE_SHIFT)
    }

    /// Whether it is in use.
    #[must_use]
    #[inline]
    pub const fn is_present(self) -> bool {
        self.0 & Flags::PRESENT.bits() != 0
    }

    /// Whether it is in use and allows writes.
    #[must_use]
    #[inline]
    pub const fn is_writable(self) -> bool {
        const BITS: u64 = Flags::PRESENT.bits() | Flags::WRITE.bits();
        self.0 & BITS == BITS
    }

    /// The entry with more flags.
    #[must_use]
    #[inline]
    pub const fn with(self, flags: Flags) -> Self {
        Self(self.0 | flags.bits())
    }

    /// The entry with fewer flags.
    #[must_use]
    #[inline]
    pub const fn without(self, flags: Flags) -> Self {
        Self(self.0 & !flags.bits())
    }
}

impl core::fmt::Debug for Entry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Entry({:#x})", self.0)
    }
}

/// An entry's place in its table: 0..=511.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct EntryIndex(u16);

impl EntryIndex {
    /// How many there are.
    pub const COUNT: u16 = 512;
    /// The lowest.
    pub const FIRST: Self = Self(0);
    /// The highest.
    pub const LAST: Self = Self(Self::COUNT - 1);

    /// Every place, in order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        Self::starting_at(0)
    }

    /// Every place from a number on, in order.
    pub(super) fn starting_at(first: u16) -> impl DoubleEndedIterator<Item = Self> {
        (first..Self::COUNT).map(Self)
    }

    /// Every place below a number, in order.
    pub(super) fn below(end: u16) -> impl DoubleEndedIterator<Item = Self> {
        (0..end.min(Self::COUNT)).map(Self)
    }

    /// The place, or `None` where a table has none of that number.
    #[must_use]
    #[inline]
    pub const fn new(raw: u16) -> Option<Self> {
        if raw < Self::COUNT {
            Some(Self(raw))
        } else {
            None
        }
    }

    /// The place that an address selects in the table of a level.
    #[must_use]
    #[inline]
    pub const fn of(address: GuestAddress, level: Level) -> Self {
        Self((address.raw() >> (PAGE_SHIFT + 9 * (level as u32 - 1)) & 0x1ff) as u16)
    }

    /// The number.
    #[must_use]
    #[inline]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Whether this is the hypervisor's place in a root table.
    #[must_use]
    #[inline]
    pub const fn is_hypervisor_slot(self) -> bool {
        *HYPERVISOR_SLOTS.start() <= self.0 && self.0 <= *HYPERVISOR_SLOTS.end()
    }
}

/// Where an entry lies: a machine address that is a multiple of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryAddress {
    /// The table.
    pub table: Mfn,
    /// The place in it.
    pub index: EntryIndex,
}

impl TryFrom<MachineAddress> for EntryAddress {
    type Error = Error;

    /// # Errors
    /// [`Error::BadPlace`] for an address that is not a multiple of eight.
    fn try_from(address: MachineAddress) -> Result<Self, Error> {
        if !address.raw().is_multiple_of(8) {
            return Err(Error::BadPlace);
        }
        let index = EntryIndex(((address.raw() >> 3) & 0x1ff) as u16);
        Ok(Self {
            table: address.frame(),
            index,
        })
    }
}

/// A level of page tables; a root is of level 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Maps pages.
    L1 = 1,
    /// Maps level-1 tables.
    L2,
    /// Maps level-2 tables.
    L3,
    /// A root: maps level-3 tables.
    L4,
}

impl Level {
    /// The level of the tables that entries of this level point to; `None` for pages.
    #[must_use]
    #[inline]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::L1 => None,
            Self::L2 => Some(Self::L1),
            Self::L3 => Some(Self::L2),
            Self::L4 => Some(Self::L3),
        }
    }

    /// Whether the place is the hypervisor's in a table of this level.
    #[must_use]
    #[inline]
    pub const fn is_reserved(self, index: EntryIndex) -> bool {
        matches!(self, Self::L4) && index.is_hypervisor_slot()
    }
}
