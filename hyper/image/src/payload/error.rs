//! Why a file can't be unpacked.

use core::fmt;

use super::Compression;

/// Why [`Payload`](super::Payload) refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// The file is empty.
    Empty,
    /// Neither a bzImage, nor an ELF file, nor a known compression.
    Unknown {
        /// The file's or payload's first bytes, zeros where it is shorter.
        start: [u8; 4],
    },
    /// A compression that is known by name alone.
    Unsupported {
        /// The name.
        name: &'static str,
    },
    /// A bzImage from before boot protocol 2.08 (Linux 2.6.26), which does not say where its
    /// payload is.
    OldBootProtocol {
        /// The version, major in the high byte.
        version: u16,
    },
    /// The bzImage's payload lies outside the file.
    OutsideFile {
        /// Where the payload should end, in bytes.
        end: u64,
        /// The file's size in bytes.
        size: u64,
    },
    /// The data contradicts itself.
    Damaged {
        /// How it is compressed.
        compression: Compression,
    },
    /// The data ends too early.
    Truncated {
        /// How it is compressed.
        compression: Compression,
    },
    /// The data unpacks to less or more than the file says.
    WrongSize {
        /// What the file says, in bytes.
        expected: usize,
    },
    /// The data unpacks to more than the buffer holds.
    OutputTooSmall {
        /// The buffer's size in bytes.
        size: usize,
    },
    /// The data would unpack to more than the caller allows.
    TooLarge {
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// There is no memory for the unpacked kernel, or for unpacking it.
    NoMemory {
        /// Size of the unpacked kernel in bytes, or of the room given for it.
        size: usize,
    },
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("the kernel file is empty: give a vmlinuz or an ELF kernel"),
            Self::Unknown {
                start: [a, b, c, d],
            } => write!(
                f,
                "the kernel is no bzImage, no ELF file and in no known compression (it starts \
                 {a:02x} {b:02x} {c:02x} {d:02x}): give one with gzip, xz, lzma, zstd, lz4 or none"
            ),
            Self::Unsupported { name } => write!(
                f,
                "the kernel is compressed by {name}, which is not supported: give one with gzip, \
                 xz, lzma, zstd, lz4 or none"
            ),
            Self::OldBootProtocol { version } => write!(
                f,
                "the bzImage has boot protocol {}.{:02}, too old to find the kernel in it: 2.08 \
                 (Linux 2.6.26) is needed",
                version >> 8,
                version & 0xff
            ),
            Self::OutsideFile { end, size } => write!(
                f,
                "the bzImage is cut short ({size} bytes, its kernel ends at {end}): copy the file \
                 anew"
            ),
            Self::Damaged { compression } => {
                write!(
                    f,
                    "the kernel's {compression} data is damaged: copy the file anew"
                )
            }
            Self::Truncated { compression } => {
                write!(
                    f,
                    "the kernel's {compression} data is cut short: copy the file anew"
                )
            }
            Self::WrongSize { expected } => write!(
                f,
                "the kernel does not unpack to the {expected} bytes that the file says: copy the \
                 file anew"
            ),
            Self::OutputTooSmall { size } => {
                write!(
                    f,
                    "the kernel unpacks to more than the {size} bytes kept for it"
                )
            }
            Self::TooLarge { limit } => write!(
                f,
                "the kernel unpacks to more than {limit} bytes, the most allowed: the file is \
                 damaged or no kernel"
            ),
            Self::NoMemory { size } => write!(
                f,
                "there is not enough memory to unpack the kernel to {size} bytes: give the \
                 machine more memory"
            ),
        }
    }
}

impl core::error::Error for PayloadError {}
