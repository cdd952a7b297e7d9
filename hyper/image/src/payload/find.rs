//! The kernel in a file.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{Compression, PayloadError, bzimage, gzip, lz4, lzma, zstd};

/// A compressed kernel's data usually unpacks to no more than this many times its size.
const LIKELY_RATIO: usize = 8;

/// A kernel as found in a file, perhaps compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    compression: Compression,
    data: &'a [u8],
    size: Option<usize>,
}

impl<'a> Payload<'a> {
    /// Finds the kernel in a bzImage, a compressed file or an ELF file.
    ///
    /// # Errors
    /// [`PayloadError::Empty`], [`Unknown`](PayloadError::Unknown),
    /// [`Unsupported`](PayloadError::Unsupported),
    /// [`OldBootProtocol`](PayloadError::OldBootProtocol),
    /// [`OutsideFile`](PayloadError::OutsideFile), [`Truncated`](PayloadError::Truncated).
    pub fn find(file: &'a [u8]) -> Result<Self, PayloadError> {
        let inner = bzimage::payload(file)?;
        let data = inner.unwrap_or(file);
        let compression = detect(data)?;
        if compression == Compression::Plain {
            return Ok(Self {
                compression,
                data,
                size: Some(data.len()),
            });
        }
        // A bzImage's payload ends with its unpacked size. A gzip file does so by itself.
        if inner.is_none() && compression != Compression::Gzip {
            return Ok(Self {
                compression,
                data,
                size: None,
            });
        }
        let (packed, size) = data
            .split_last_chunk()
            .ok_or(PayloadError::Truncated { compression })?;
        let data = if compression == Compression::Gzip {
            data
        } else {
            packed
        };
        let size = usize::try_from(u32::from_le_bytes(*size)).ok();
        Ok(Self {
            compression,
            data,
            size,
        })
    }

    /// How the kernel is compressed.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// Size of the unpacked kernel in bytes, where the file says it. The word of the file is not
    /// to be trusted: compare it with what is sensible before allocating as much.
    #[must_use]
    pub const fn unpacked_size(&self) -> Option<usize> {
        self.size
    }

    /// The data as it is in the file.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Unpacks the kernel to the start of `output`, and answers with its size in bytes.
    ///
    /// Besides `output` this takes heap: for gzip 64 KiB, for lz4 none, for xz and lzma one and a
    /// half times their dictionary (Debian's kernel has one of 32 MiB) and 1 MiB, for zstd 4 MiB
    /// and one and a half times the unpacked size's next power of two. 32 KiB of stack suffice.
    ///
    /// # Errors
    /// [`PayloadError::Damaged`], [`Truncated`](PayloadError::Truncated),
    /// [`WrongSize`](PayloadError::WrongSize), [`OutputTooSmall`](PayloadError::OutputTooSmall),
    /// [`NoMemory`](PayloadError::NoMemory). `output` then holds nothing of use.
    pub fn unpack_into(&self, output: &mut [u8]) -> Result<usize, PayloadError> {
        // What is longer than the file says is found at its first byte too much.
        let room = match self.size {
            Some(size) if size > output.len() => {
                return Err(PayloadError::OutputTooSmall { size: output.len() });
            }
            Some(size) => output.get_mut(..size).unwrap_or_default(),
            None => output,
        };
        let unpacked = match self.compression {
            Compression::Plain => {
                room.copy_from_slice(self.data);
                Ok(room.len())
            }
            Compression::Gzip => gzip::unpack(self.data, room),
            Compression::Xz => lzma::unpack_xz(self.data, room),
            Compression::Lzma => lzma::unpack_alone(self.data, room),
            Compression::Zstd => zstd::unpack(self.data, room),
            Compression::Lz4 => lz4::unpack(self.data, room),
        };
        match (unpacked, self.size) {
            (Ok(size), Some(expected)) if size != expected => {
                Err(PayloadError::WrongSize { expected })
            }
            (Err(PayloadError::OutputTooSmall { .. }), Some(expected)) => {
                Err(PayloadError::WrongSize { expected })
            }
            (result, _) => result,
        }
    }

    /// Unpacks the kernel to memory from the heap, of at most `limit` bytes; a kernel that is not
    /// compressed stays where it is.
    ///
    /// # Errors
    /// As [`Payload::unpack_into`], and [`PayloadError::TooLarge`].
    pub fn unpack(&self, limit: usize) -> Result<Cow<'a, [u8]>, PayloadError> {
        if self.compression == Compression::Plain {
            return Ok(Cow::Borrowed(self.data));
        }
        let likely = self.data.len().saturating_mul(LIKELY_RATIO).min(limit);
        let mut size = self.size.unwrap_or(likely);
        loop {
            if size > limit {
                return Err(PayloadError::TooLarge { limit });
            }
            let mut output = Vec::new();
            output
                .try_reserve_exact(size)
                .map_err(|_| PayloadError::NoMemory { size })?;
            output.resize(size, 0);
            match self.unpack_into(&mut output) {
                Ok(unpacked) => {
                    output.truncate(unpacked);
                    return Ok(Cow::Owned(output));
                }
                // Only where the file does not say its size: once more, with more.
                Err(PayloadError::OutputTooSmall { .. }) if size < limit => {
                    size = size.saturating_mul(2).clamp(1, limit);
                }
                Err(PayloadError::OutputTooSmall { .. }) => {
                    return Err(PayloadError::TooLarge { limit });
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn detect(data: &[u8]) -> Result<Compression, PayloadError> {
    if data.is_empty() {
        return Err(PayloadError::Empty);
    }
    Compression::detect(data).ok_or_else(|| match Compression::foreign(data) {
        Some(name) => PayloadError::Unsupported { name },
        None => {
            let mut start = [0; 4];
            for (to, from) in start.iter_mut().zip(data) {
                *to = *from;
            }
            PayloadError::Unknown { start }
        }
    })
}
