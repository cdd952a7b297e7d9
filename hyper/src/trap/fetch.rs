//! The bytes of a guest's instruction, fetched once.

use ringwall_abi::arch_x86::FLAT_RING3_CS64;
use ringwall_abi::{GuestAddress, PAGE_SIZE};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::selectors;
use ringwall_hw::memory::guest;
use ringwall_model::emulate::MAX_INSTRUCTION_BYTES;

/// Bytes at the guest's `rip`: an instruction has at most 15.
pub(super) struct Code {
    bytes: [u8; 16],
    length: usize,
}

impl Code {
    const NONE: Self = Self {
        bytes: [0; 16],
        length: 0,
    };

    /// Fetches an instruction of 64-bit code: as many bytes as there are, at most as one can have.
    /// None of code of another size, in which the same bytes mean something else.
    pub(super) fn of_64_bit(frame: &GuestFrame) -> Self {
        let flat = frame.cs & 0xfffc == FLAT_RING3_CS64 as u64 & 0xfffc;
        #[expect(clippy::cast_possible_truncation, reason = "a selector has 16 bits")]
        if flat || selectors::is_64_bit(frame.cs as u16) {
            Self::of_any_size(frame)
        } else {
            Self::NONE
        }
    }

    /// The bytes alone, for an instruction that is the same in code of any size. Code whose segment
    /// does not start at 0 is not found.
    pub(super) fn of_any_size(frame: &GuestFrame) -> Self {
        let address = GuestAddress::new(frame.rip);
        // Two words: the quickest way to 15 bytes. The byte that is in both is the first one's.
        if let (Ok(low), Ok(high)) = (
            guest::read::<[u8; 8]>(address),
            guest::read::<[u8; 8]>(GuestAddress::new(frame.rip.wrapping_add(7))),
        ) {
            let both = u128::from(u64::from_le_bytes(low))
                | u128::from(u64::from_le_bytes(high) >> 8) << 64;
            return Self {
                bytes: both.to_le_bytes(),
                length: MAX_INSTRUCTION_BYTES,
            };
        }
        // The next page is not there.
        let mut bytes = [0; 16];
        let length = (PAGE_SIZE - address.page_offset()).min(MAX_INSTRUCTION_BYTES);
        let part = bytes.get_mut(..length);
        let is_read = part.is_some_and(|part| guest::copy_in(part, address).is_ok());
        Self {
            bytes,
            length: if is_read { length } else { 0 },
        }
    }

    /// The bytes.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}
