//! A kernel that is ready to be loaded.

use core::ops::Range;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use ringwall_abi::{GuestAddress, PAGE_SIZE};
use ringwall_image::{Compression, Features, Kernel, Payload, Segment};

use super::Cache;
use crate::BuildError;

/// A kernel unpacks to at most this many bytes.
const MAX_SIZE: usize = 1 << 30;
/// Pages of zeros that are worth a part of their own.
const GAP: u64 = 8;

/// What a kernel says of itself, as far as building asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Virtual address of frame 0.
    pub virt_base: GuestAddress,
    /// Virtual address at which the first virtual CPU starts.
    pub entry: GuestAddress,
    /// Virtual address of the page for the stubs of hypercalls.
    pub hypercall_page: Option<GuestAddress>,
    /// Where the p2m list is wanted, if not behind the initrd.
    pub init_p2m: Option<GuestAddress>,
    /// Whether the initrd need not be mapped.
    pub mod_start_pfn: bool,
    /// Features that it knows and needs.
    pub features: Features,
    /// Pseudo-physical addresses from its first byte to its last.
    pub extent: Range<u64>,
}

/// A part of a kernel: bytes of the image, then zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Pseudo-physical address of the first byte.
    pub(crate) start: u64,
    /// Where in the image the bytes are.
    pub(crate) bytes: Range<u64>,
    /// Bytes in memory, with the zeros.
    pub(crate) size: u64,
}

/// A kernel, unpacked: in memory, or in a file of the [`Cache`].
#[derive(Debug)]
pub struct KernelImage {
    compression: Compression,
    pub(super) facts: Facts,
    pub(super) parts: Vec<Part>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Memory(Vec<u8>),
    File(File),
}

impl KernelImage {
    /// Reads and unpacks the kernel in a file: a bzImage or an ELF file, packed by gzip, xz, lzma, zstd, lz4 or not
    /// at all. With a cache, what was unpacked once is found there, and what is unpacked is left there.
    ///
    /// # Errors
    /// [`BuildError::File`], [`BuildError::Payload`], [`BuildError::Kernel`]. A cache that can't be used is no
    /// error.
    pub fn open(path: &Path, cache: Option<&Cache>) -> Result<Self, BuildError> {
        let file = fs::read(path).map_err(|error| BuildError::file("kernel", path, error))?;
        let refused = |error| BuildError::Payload(path.to_owned(), error);
        let payload = Payload::find(&file).map_err(refused)?;
        let compression = payload.compression();
        if compression == Compression::Plain {
            let parsed = Self::parse(path, compression, payload.data())?;
            return Ok(parsed.with_source(payload.data().to_vec()));
        }
        let entry = cache.map(|cache| cache.entry(payload.data()));
        if let Some((facts, parts, source)) = entry.as_ref().and_then(|entry| entry.read()) {
            return Ok(Self {
                compression,
                facts,
                parts,
                source: Source::File(source),
            });
        }
        let unpacked = payload.unpack(MAX_SIZE).map_err(refused)?.into_owned();
        let parsed = Self::parse(path, compression, &unpacked)?;
        if let Some(entry) = entry {
            entry.write(&parsed, &unpacked);
        }
        Ok(parsed.with_source(unpacked))
    }

    /// How the kernel was packed.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// What it says of itself.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Reads bytes of the image.
    ///
    /// # Errors
    /// The cache's file can't be read, or ends too early.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> std::io::Result<()> {
        match &self.source {
            Source::Memory(_) => {
                let bytes = self.borrow(offset..offset.saturating_add(into.len() as u64));
                let bytes = bytes.ok_or(std::io::ErrorKind::UnexpectedEof)?;
                into.copy_from_slice(bytes);
                Ok(())
            }
            Source::File(file) => file.read_exact_at(into, offset),
        }
    }

    /// The bytes themselves, where they are in memory.
    pub(crate) fn borrow(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        match &self.source {
            Source::Memory(bytes) => bytes.get(start..end),
            Source::File(_) => None,
        }
    }

    fn parse(path: &Path, compression: Compression, image: &[u8]) -> Result<Self, BuildError> {
        let kernel =
            Kernel::parse(image).map_err(|error| BuildError::Kernel(path.to_owned(), error))?;
        let notes = kernel.notes();
        let facts = Facts {
            virt_base: notes.virt_base,
            entry: notes.entry,
            hypercall_page: notes.hypercall_page,
            init_p2m: notes.init_p2m,
            mod_start_pfn: notes.mod_start_pfn,
            features: notes.features,
            extent: kernel.extent(),
        };
        // Bytes of a segment lie in the image: where they start is how far they are from its start.
        let origin = image.as_ptr().addr();
        let parts = kernel
            .segments()
            .flat_map(|segment| {
                let offset = segment.bytes.as_ptr().addr().saturating_sub(origin) as u64;
                without_zeros(segment, offset)
            })
            .collect();
        Ok(Self {
            compression,
            facts,
            parts,
            source: Source::Memory(Vec::new()),
        })
    }

    fn with_source(self, image: Vec<u8>) -> Self {
        Self {
            source: Source::Memory(image),
            ..self
        }
    }
}

/// A segment as parts whose bytes have no long runs of pages full of zeros in them: Linux's kernels are half zeros in
/// their files, and what is not there need be neither kept nor copied.
fn without_zeros(segment: Segment<'_>, offset: u64) -> Vec<Part> {
    let page = PAGE_SIZE as u64;
    let mut parts: Vec<Part> = Vec::new();
    // Where the zeros since the last part that holds something began, relative to the segment, in bytes.
    let mut end_of_bytes = 0;
    let mut position = 0;
    let mut rest = segment.bytes;
    while !rest.is_empty() {
        // Up to the end of a page of the domain.
        let length = page - (segment.start + position) % page;
        let length = usize::try_from(length).map_or(rest.len(), |length| length.min(rest.len()));
        let (now, later) = rest.split_at(length);
        let end = position + length as u64;
        if now.iter().any(|byte| *byte != 0) {
            match parts.last_mut() {
                Some(part) if position - end_of_bytes < GAP * page => {
                    part.bytes.end = offset + end;
                }
                _ => parts.push(Part {
                    start: segment.start + position,
                    bytes: offset + position..offset + end,
                    size: 0,
                }),
            }
            end_of_bytes = end;
        }
        position = end;
        rest = later;
    }
    // Each part has the zeros up to the next one. A part before the first has those at the start.
    if parts.first().is_none_or(|part| part.start != segment.start) {
        parts.insert(
            0,
            Part {
                start: segment.start,
                bytes: 0..0,
                size: 0,
            },
        );
    }
    let ends: Vec<u64> = parts.iter().skip(1).map(|part| part.start).collect();
    let ends = ends.into_iter().chain([segment.end()]);
    for (part, end) in parts.iter_mut().zip(ends) {
        part.size = end - part.start;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(start: u64, bytes: &[u8], size: u64) -> Vec<(u64, Range<u64>, u64)> {
        let segment = Segment { start, bytes, size };
        without_zeros(segment, 100)
            .into_iter()
            .map(|part| (part.start, part.bytes, part.size))
            .collect()
    }

    #[test]
    fn long_zeros_are_left_out_and_short_ones_kept() {
        let page = PAGE_SIZE;
        let mut bytes = vec![0; 40 * page];
        assert_eq!(split(0x1000, &bytes, 41 << 12), [(0x1000, 0..0, 41 << 12)]);
        bytes[20 * page] = 1;
        bytes[24 * page + 5] = 1;
        bytes[39 * page] = 1;
        assert_eq!(
            split(0, &bytes, 41 << 12),
            [
                (0, 0..0, 20 << 12),
                (20 << 12, 100 + (20 << 12)..100 + (25 << 12), 19 << 12),
                (39 << 12, 100 + (39 << 12)..100 + (40 << 12), 2 << 12),
            ]
        );
    }

    #[test]
    fn segments_that_start_within_a_page_are_cut_at_pages() {
        let mut bytes = vec![0; 20 << 12];
        bytes[0] = 1;
        *bytes.last_mut().expect("some") = 1;
        let parts = split(0x1800, &bytes, 20 << 12);
        assert_eq!(parts[0], (0x1800, 100..100 + 0x800, (20 << 12) - 0x800));
        assert_eq!(parts[1].0, 0x15000);
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn nothing_but_zeros_is_one_part() {
        assert_eq!(split(0x2000, &[], 0x3000), [(0x2000, 0..0, 0x3000)]);
        assert_eq!(split(0x2000, &[1], 1), [(0x2000, 100..101, 1)]);
    }
}
