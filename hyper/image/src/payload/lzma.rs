//! xz and lzma.

use lzma_rust2::{Action, Error, LzmaStream, Status, StreamResult, XzStream};

use super::{Compression, PayloadError};

/// The most memory to unpack with, in KiB. `xz -9` takes 64 MiB.
const MEMORY_KIB: u32 = 256 << 10;

pub(super) fn unpack_xz(data: &[u8], output: &mut [u8]) -> Result<usize, PayloadError> {
    let mut stream = XzStream::new_mem_limit(false, MEMORY_KIB);
    drive(Compression::Xz, data, output, |input, room| {
        stream.process(input, room, Action::Finish)
    })
}

pub(super) fn unpack_alone(data: &[u8], output: &mut [u8]) -> Result<usize, PayloadError> {
    let mut stream = LzmaStream::new_mem_limit(MEMORY_KIB, None);
    drive(Compression::Lzma, data, output, |input, room| {
        stream.process(input, room, Action::Finish)
    })
}

/// Calls a decoder until it is done.
fn drive(
    compression: Compression,
    mut input: &[u8],
    output: &mut [u8],
    mut process: impl FnMut(&[u8], &mut [u8]) -> lzma_rust2::Result<StreamResult>,
) -> Result<usize, PayloadError> {
    let damaged = PayloadError::Damaged { compression };
    let mut size = 0;
    loop {
        let room = output.get_mut(size..).unwrap_or_default();
        let full = room.is_empty();
        // A byte beyond the end, to tell a stream that is done from one that has more.
        let mut beyond = [0];
        let room = if full { &mut beyond } else { room };
        let step = process(input, room).map_err(|error| match error {
            Error::OutOfMemory(_) => PayloadError::NoMemory { size: output.len() },
            Error::Eof => PayloadError::Truncated { compression },
            _ => damaged,
        })?;
        if full && step.bytes_produced > 0 {
            return Err(PayloadError::OutputTooSmall { size: output.len() });
        }
        size += step.bytes_produced;
        input = input.get(step.bytes_consumed..).ok_or(damaged)?;
        match step.status {
            Status::StreamEnd => return Ok(size),
            Status::Ok if step.bytes_consumed == 0 && step.bytes_produced == 0 => {
                return Err(PayloadError::Truncated { compression });
            }
            Status::Ok => {}
        }
    }
}
