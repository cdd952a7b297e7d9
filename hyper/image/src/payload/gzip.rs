//! gzip: a header, deflated data, checksum and size.
//!
//! Source: RFC 1952.

use alloc::boxed::Box;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::{Compression, PayloadError};

const DAMAGED: PayloadError = PayloadError::Damaged {
    compression: Compression::Gzip,
};
const TRUNCATED: PayloadError = PayloadError::Truncated {
    compression: Compression::Gzip,
};

/// Bytes of header that are always there.
const FIXED_HEADER: usize = 10;
const METHOD_DEFLATE: u8 = 8;
const FLAG_HEADER_CHECKSUM: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;
const FLAGS_RESERVED: u8 = 0xe0;

pub(super) fn unpack(data: &[u8], output: &mut [u8]) -> Result<usize, PayloadError> {
    let deflated = skip_header(data)?;
    let mut inflate = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, taken, size) = decompress(&mut inflate, deflated, output, 0, flags);
    match status {
        TINFLStatus::Done => {}
        TINFLStatus::HasMoreOutput => {
            return Err(PayloadError::OutputTooSmall { size: output.len() });
        }
        TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
            return Err(TRUNCATED);
        }
        _ => return Err(DAMAGED),
    }
    let trailer = deflated.get(taken..).unwrap_or_default();
    let (checksum, rest) = trailer.split_first_chunk().ok_or(TRUNCATED)?;
    let length = rest.first_chunk().ok_or(TRUNCATED)?;
    let unpacked = output.get(..size).ok_or(DAMAGED)?;
    let size_matches = size as u64 & u64::from(u32::MAX) == u64::from(u32::from_le_bytes(*length));
    if size_matches && crc32fast::hash(unpacked) == u32::from_le_bytes(*checksum) {
        Ok(size)
    } else {
        Err(DAMAGED)
    }
}

fn skip_header(data: &[u8]) -> Result<&[u8], PayloadError> {
    let (header, mut rest) = data.split_first_chunk::<FIXED_HEADER>().ok_or(TRUNCATED)?;
    let [_, _, method, flags, ..] = *header;
    if method != METHOD_DEFLATE || flags & FLAGS_RESERVED != 0 {
        return Err(DAMAGED);
    }
    if flags & FLAG_EXTRA != 0 {
        let (length, after) = rest.split_first_chunk().ok_or(TRUNCATED)?;
        rest = after
            .get(usize::from(u16::from_le_bytes(*length))..)
            .ok_or(TRUNCATED)?;
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or(TRUNCATED)?;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
    if flags & FLAG_HEADER_CHECKSUM != 0 {
        rest = rest.get(2..).ok_or(TRUNCATED)?;
    }
    Ok(rest)
}
