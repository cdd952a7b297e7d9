//! zstd.

use alloc::vec::Vec;

use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

use super::{Compression, PayloadError};

/// The largest window, in bytes: that of `zstd --ultra -22`, which kernels are packed with.
const WINDOW_MAX: usize = 128 << 20;
/// Heap that the decoder takes besides its window, in bytes, at most.
const OVERHEAD: usize = 4 << 20;

pub(super) fn unpack(data: &[u8], output: &mut [u8]) -> Result<usize, PayloadError> {
    let damaged = PayloadError::Damaged {
        compression: Compression::Zstd,
    };
    let size = output.len();
    reserve_heap(size)?;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW_MAX as u64);
    let unpacked = decoder
        .decode_all(data, output)
        .map_err(|error| match error {
            FrameDecoderError::TargetTooSmall => PayloadError::OutputTooSmall { size },
            FrameDecoderError::WindowSizeTooBig { .. } => PayloadError::NoMemory { size },
            _ => damaged,
        })?;
    match decoder.get_checksum_from_data() {
        Some(checksum) if decoder.get_calculated_checksum() != Some(checksum) => Err(damaged),
        _ => Ok(unpacked),
    }
}

/// Makes sure that the decoder will find the heap it needs, as it does not ask whether it may.
///
/// Its window grows in powers of two with what is unpacked, and for a moment the old one is there
/// beside the new.
fn reserve_heap(output: usize) -> Result<(), PayloadError> {
    let window = output.min(WINDOW_MAX).next_power_of_two();
    let size = window + window / 2 + OVERHEAD;
    let mut probe = Vec::<u8>::new();
    probe
        .try_reserve_exact(size)
        .map_err(|_| PayloadError::NoMemory { size })
}
