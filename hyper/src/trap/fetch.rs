//! The bytes of a guest's instruction, fetched once.

use ringwall_abi::{GuestAddress, PAGE_SIZE};
use ringwall_hw::memory::guest;
use ringwall_model::emulate::MAX_INSTRUCTION_BYTES;

/// Bytes at the guest's `rip`.
pub(super) struct Code {
    bytes: [u8; MAX_INSTRUCTION_BYTES],
    length: usize,
}

impl Code {
    /// Fetches as many bytes as there are, at most as an instruction can have.
    pub(super) fn at(rip: u64) -> Self {
        let mut code = Self {
            bytes: [0; MAX_INSTRUCTION_BYTES],
            length: MAX_INSTRUCTION_BYTES,
        };
        let address = GuestAddress::new(rip);
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
