//! Addresses that are proven canonical.

use ringwall_abi::{GuestAddress, is_canonical};

/// A canonical virtual address: what a vCPU may hold as base, stack or entry point.
///
/// Loading another into the processor faults in ring 0, so every such address of a guest's is
/// checked where it comes in and kept as this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Canonical(u64);

impl Canonical {
    /// The address, or `None` where bits 63..=47 are not all equal.
    #[must_use]
    pub const fn new(address: u64) -> Option<Self> {
        if is_canonical(address) {
            Some(Self(address))
        } else {
            None
        }
    }

    /// The address as a number.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }
}

impl TryFrom<GuestAddress> for Canonical {
    type Error = GuestAddress;

    fn try_from(address: GuestAddress) -> Result<Self, GuestAddress> {
        Self::new(address.raw()).ok_or(address)
    }
}

impl From<Canonical> for GuestAddress {
    fn from(address: Canonical) -> Self {
        Self::new(address.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Canonical;

    #[test]
    fn only_sign_extended_addresses_are_canonical() {
        let cases = [
            (0, true),
            (0x7fff_ffff_ffff, true),
            (0x8000_0000_0000, false),
            (0xffff_7fff_ffff_ffff, false),
            (0xffff_8000_0000_0000, true),
            (u64::MAX, true),
            (1 << 63, false),
        ];
        for (address, canonical) in cases {
            assert_eq!(Canonical::new(address).is_some(), canonical, "{address:#x}");
        }
    }
}
