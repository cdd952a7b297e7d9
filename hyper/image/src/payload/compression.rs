//! Kinds of compression.

use core::fmt;

/// How a payload is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all: the payload is an ELF file.
    Plain,
    /// gzip.
    Gzip,
    /// xz, with or without a filter for x86 code.
    Xz,
    /// The format of old: LZMA with a header of 13 bytes.
    Lzma,
    /// zstd.
    Zstd,
    /// lz4, as its legacy frame.
    Lz4,
}

impl Compression {
    /// The kind that data starting with these bytes has.
    #[must_use]
    pub fn detect(data: &[u8]) -> Option<Self> {
        const MAGICS: [(&[u8], Compression); 6] = [
            (b"\x7fELF", Compression::Plain),
            (&[0x1f, 0x8b], Compression::Gzip),
            (b"\xfd7zXZ\0", Compression::Xz),
            // Properties 0x5d, and a dictionary whose size is a multiple of 64 KiB.
            (&[0x5d, 0, 0], Compression::Lzma),
            (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
            (&[0x02, 0x21, 0x4c, 0x18], Compression::Lz4),
        ];
        MAGICS
            .iter()
            .find(|(magic, _)| data.starts_with(magic))
            .map(|(_, kind)| *kind)
    }

    /// What else is known, though nothing here unpacks it.
    pub(super) fn foreign(data: &[u8]) -> Option<&'static str> {
        const MAGICS: [(&[u8], &str); 4] = [
            (b"BZh", "bzip2"),
            (b"\x89LZO\0", "lzo"),
            (
                &[0x04, 0x22, 0x4d, 0x18],
                "lz4 (not in the kernel's legacy frame)",
            ),
            (b"LZIP", "lzip"),
        ];
        MAGICS
            .iter()
            .find(|(magic, _)| data.starts_with(magic))
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "uncompressed",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        })
    }
}
