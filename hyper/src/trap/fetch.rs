//! The bytes of a guest's instruction, fetched once.

use ringwall_abi::arch_x86::FLAT_RING3_CS64;
use ringwall_abi::{GuestAddress, PAGE_SIZE};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::selectors;
use ringwall_hw::memory::guest;
use ringwall_model::emulate::MAX_INSTRUCTION_BYTES;

/// Bytes at the guest's `rip`.
pub(super) struct Code {
    bytes: [u8; MAX_INSTRUCTION_BYTES],
    length: usize,
}

impl Code {
    const NONE: Self = Self {
        bytes: [0; MAX_INSTRUCTION_BYTES],
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
        let mut code = Self {
            length: MAX_INSTRUCTION_BYTES,
            ..Self::NONE
        };
        let address = GuestAddress::new(frame.rip);
        if guest::copy_in(&mut code.bytes, address).is_err() {
            // The next page may not be there.
            code.length = (PAGE_SIZE - address.page_offset()).min(MAX_INSTRUCTION_BYTES);
            let part = code.bytes.get_mut(..code.length);
            if part.is_none_or(|part| guest::copy_in(part, address).is_err()) {
                code.length = 0;
            }
        }
        code
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}
