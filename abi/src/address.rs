//! Addresses and frame numbers as types.
//!
//! An address that comes from a guest is only a number in a coat: building one of these proves
//! nothing but its unit.

use core::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// log2 of the size of a page in bytes.
pub const PAGE_SHIFT: u32 = 12;
/// Size of a page in bytes.
pub const PAGE_SIZE: usize = 1 << PAGE_SHIFT;
/// Entries in a page table of any level.
pub const ENTRIES_PER_TABLE: usize = 512;

/// Whether bits 63..=47 of a virtual address are all equal.
#[must_use]
pub const fn is_canonical(address: u64) -> bool {
    (address as i64) << 16 >> 16 == address as i64
}

#[expect(clippy::cast_possible_truncation, reason = "twelve bits fit")]
const fn page_offset(address: u64) -> usize {
    (address & (PAGE_SIZE as u64 - 1)) as usize
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, FromBytes, IntoBytes,
            KnownLayout, Immutable,
        )]
        #[repr(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Takes the number as it is; nothing is checked.
            #[must_use]
            pub const fn new(raw: u64) -> Self {
                Self(raw)
            }

            /// The number.
            #[must_use]
            pub const fn raw(self) -> u64 {
                self.0
            }

            /// The sum, or `None` where it would wrap.
            #[must_use]
            pub const fn checked_add(self, count: u64) -> Option<Self> {
                match self.0.checked_add(count) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::LowerHex for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// A machine frame number: a physical address divided by [`PAGE_SIZE`].
    Mfn
}
number! {
    /// A guest's pseudo-physical frame number.
    Pfn
}
number! {
    /// A physical address of the machine, in bytes.
    MachineAddress
}
number! {
    /// A virtual address that a guest named, in bytes.
    GuestAddress
}

impl Mfn {
    /// No frame: what a p2m entry says of a hole, and a machine-to-physical entry of an unowned
    /// frame.
    pub const INVALID: Self = Self(u64::MAX);

    /// The address of the frame's first byte, or `None` where it has none in 64 bits.
    #[must_use]
    pub const fn address(self) -> Option<MachineAddress> {
        if self.0 >> (64 - PAGE_SHIFT) == 0 {
            Some(MachineAddress(self.0 << PAGE_SHIFT))
        } else {
            None
        }
    }
}

impl Pfn {
    /// No frame.
    pub const INVALID: Self = Self(u64::MAX);
}

impl MachineAddress {
    /// The frame that holds the byte.
    #[must_use]
    pub const fn frame(self) -> Mfn {
        Mfn(self.0 >> PAGE_SHIFT)
    }

    /// The byte's place in its frame, in bytes.
    #[must_use]
    pub const fn page_offset(self) -> usize {
        page_offset(self.0)
    }
}

impl GuestAddress {
    /// The null address: as a handle, "no buffer".
    pub const NULL: Self = Self(0);

    /// Whether this is the null address.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// Whether bits 63..=47 are all equal.
    #[must_use]
    pub const fn is_canonical(self) -> bool {
        is_canonical(self.0)
    }

    /// The byte's place in its page, in bytes.
    #[must_use]
    pub const fn page_offset(self) -> usize {
        page_offset(self.0)
    }
}
