//! bzImage: the real-mode setup code and its header, then a payload.
//!
//! Source: Linux's `Documentation/x86/boot.rst`.

use super::PayloadError;

const SECTOR: u64 = 512;
/// Sectors of setup code where the header says 0.
const DEFAULT_SETUP_SECTORS: u64 = 4;
/// The first version with `payload_offset` and `payload_length`.
const PAYLOAD_VERSION: u16 = 0x0208;

const SETUP_SECTS: usize = 0x1f1;
const MAGIC: usize = 0x202;
const VERSION: usize = 0x206;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;

/// The payload, or `None` if the file is no bzImage.
pub(super) fn payload(file: &[u8]) -> Result<Option<&[u8]>, PayloadError> {
    if field(file, MAGIC) != Some(*b"HdrS") {
        return Ok(None);
    }
    let cut_short = |end| PayloadError::OutsideFile {
        end,
        size: file.len() as u64,
    };
    let header_end = PAYLOAD_LENGTH as u64 + 4;
    let version = u16::from_le_bytes(field(file, VERSION).ok_or(cut_short(header_end))?);
    if version < PAYLOAD_VERSION {
        return Err(PayloadError::OldBootProtocol { version });
    }
    let word = |offset| field(file, offset).map(u32::from_le_bytes).map(u64::from);
    let offset = word(PAYLOAD_OFFSET).ok_or(cut_short(header_end))?;
    let length = word(PAYLOAD_LENGTH).ok_or(cut_short(header_end))?;
    let sectors = match file.get(SETUP_SECTS) {
        None | Some(0) => DEFAULT_SETUP_SECTORS,
        Some(&sectors) => u64::from(sectors),
    };
    // A byte and two words: no sum of these wraps.
    let start = (sectors + 1) * SECTOR + offset;
    let end = start + length;
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    range
        .and_then(|(start, end)| file.get(start..end))
        .map(Some)
        .ok_or(cut_short(end))
}

fn field<const N: usize>(file: &[u8], offset: usize) -> Option<[u8; N]> {
    file.get(offset..)?.first_chunk().copied()
}
