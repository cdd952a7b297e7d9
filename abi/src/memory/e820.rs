//! Entries of a memory map.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::shape::numbers;

/// A piece of a memory map: 20 bytes, packed, as the BIOS has it.
#[doc(alias = "e820entry")]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(C, packed)]
pub struct E820Entry {
    /// Its first address.
    pub address: u64,
    /// Its bytes.
    pub size: u64,
    /// An [`E820Type`], or another number, which is as good as reserved.
    pub kind: u32,
}

numbers! {
    /// What a piece of memory is.
    ///
    /// Source: ACPI 6.5, section 15.
    pub enum E820Type: u32 {
        /// RAM.
        Ram = 1 => "1",
        /// Reserved.
        Reserved = 2 => "2",
        /// RAM that holds ACPI tables until they are read.
        Acpi = 3 => "3",
        /// RAM that firmware needs across sleep.
        Nvs = 4 => "4",
        /// Broken RAM.
        Unusable = 5 => "5",
    }
}
