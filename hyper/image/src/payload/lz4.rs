//! lz4's legacy frame: a magic number, then blocks with their sizes.
//!
//! Source: "Legacy frame" in lz4's `doc/lz4_Frame_format.md`.

use lz4_flex::block::{DecompressError, decompress_into};

use super::{Compression, PayloadError};

const MAGIC: u32 = 0x184c_2102;
/// What a block unpacks to at most.
const BLOCK_MAX: usize = 8 << 20;
const DAMAGED: PayloadError = PayloadError::Damaged {
    compression: Compression::Lz4,
};
const TRUNCATED: PayloadError = PayloadError::Truncated {
    compression: Compression::Lz4,
};

pub(super) fn unpack(mut data: &[u8], output: &mut [u8]) -> Result<usize, PayloadError> {
    let mut size = 0;
    while !data.is_empty() {
        let (word, rest) = data.split_first_chunk().ok_or(TRUNCATED)?;
        data = rest;
        let word = u32::from_le_bytes(*word);
        // Frames may follow one another: no block is as long as the magic number says.
        if word == MAGIC {
            continue;
        }
        let length = usize::try_from(word).map_err(|_| DAMAGED)?;
        let (block, rest) = data.split_at_checked(length).ok_or(TRUNCATED)?;
        data = rest;
        let room = output.get_mut(size..).unwrap_or_default();
        let last = room.len() < BLOCK_MAX;
        let room = if last {
            room
        } else {
            room.get_mut(..BLOCK_MAX).unwrap_or_default()
        };
        size += decompress_into(block, room).map_err(|error| match error {
            DecompressError::OutputTooSmall { .. } if last => {
                PayloadError::OutputTooSmall { size: output.len() }
            }
            _ => DAMAGED,
        })?;
    }
    Ok(size)
}
