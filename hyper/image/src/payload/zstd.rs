//! zstd.

use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

use super::{Compression, PayloadError};

/// The largest window, in bytes: that of `zstd --ultra -22`, which kernels are packed with.
const WINDOW_MAX: u64 = 128 << 20;

pub(super) fn unpack(data: &[u8], output: &mut [u8]) -> Result<usize, PayloadError> {
    let size = output.len();
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW_MAX);
    decoder
        .decode_all(data, output)
        .map_err(|error| match error {
            FrameDecoderError::TargetTooSmall => PayloadError::OutputTooSmall { size },
            _ => PayloadError::Damaged {
                compression: Compression::Zstd,
            },
        })
}
