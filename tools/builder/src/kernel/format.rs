//! How an unpacked kernel lies in a file of the cache: a header, its parts, their bytes.

use core::mem::size_of;

use ringwall_abi::GuestAddress;
use ringwall_image::Features;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::image::{Facts, Part};

/// The last byte counts up with each change of the format.
const MAGIC: [u8; 8] = *b"rw-krn\0\x01";
/// An address that is not there.
const NONE: u64 = u64::MAX;
/// More parts than a kernel has.
const MAX_PARTS: u64 = 4096;

#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Header {
    magic: [u8; 8],
    /// Bytes of the whole file: one that is shorter was cut.
    length: u64,
    virt_base: u64,
    entry: u64,
    hypercall_page: u64,
    init_p2m: u64,
    mod_start_pfn: u32,
    supported: u32,
    required: u32,
    _padding: u32,
    extent_start: u64,
    extent_end: u64,
    parts: u64,
}

#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Record {
    start: u64,
    offset: u64,
    length: u64,
    size: u64,
}

/// The start of a file, up to the bytes of the parts; those come one part after the other.
pub(super) fn encode(facts: &Facts, parts: &[Part]) -> Vec<u8> {
    let address = |address: Option<GuestAddress>| address.map_or(NONE, GuestAddress::raw);
    let mut offset = (size_of::<Header>() + parts.len() * size_of::<Record>()) as u64;
    let records: Vec<Record> = parts
        .iter()
        .map(|part| {
            let length = part.bytes.end - part.bytes.start;
            let record = Record {
                start: part.start,
                offset,
                length,
                size: part.size,
            };
            offset += length;
            record
        })
        .collect();
    let header = Header {
        magic: MAGIC,
        length: offset,
        virt_base: facts.virt_base.raw(),
        entry: facts.entry.raw(),
        hypercall_page: address(facts.hypercall_page),
        init_p2m: address(facts.init_p2m),
        mod_start_pfn: facts.mod_start_pfn.into(),
        supported: facts.features.supported,
        required: facts.features.required,
        _padding: 0,
        extent_start: facts.extent.start,
        extent_end: facts.extent.end,
        parts: parts.len() as u64,
    };
    [header.as_bytes(), records.as_bytes()].concat()
}

/// The most that [`encode`] makes, in bytes.
pub(super) const MAX_START: usize = size_of::<Header>() + 4096 * size_of::<Record>();

/// Reads the start of a file of `length` bytes; `None` if it is none of this format, or was cut.
pub(super) fn decode(start: &[u8], length: u64) -> Option<(Facts, Vec<Part>)> {
    let (header, rest) = Header::read_from_prefix(start).ok()?;
    if header.magic != MAGIC || header.length != length || header.parts > MAX_PARTS {
        return None;
    }
    let address = |raw| (raw != NONE).then(|| GuestAddress::new(raw));
    let facts = Facts {
        virt_base: GuestAddress::new(header.virt_base),
        entry: GuestAddress::new(header.entry),
        hypercall_page: address(header.hypercall_page),
        init_p2m: address(header.init_p2m),
        mod_start_pfn: header.mod_start_pfn != 0,
        features: Features {
            supported: header.supported,
            required: header.required,
        },
        extent: header.extent_start..header.extent_end,
    };
    let mut parts = Vec::new();
    let mut rest = rest;
    for _ in 0..header.parts {
        let (record, after) = Record::read_from_prefix(rest).ok()?;
        let end = record.offset.checked_add(record.length)?;
        if end > length || record.length > record.size {
            return None;
        }
        parts.push(Part {
            start: record.start,
            bytes: record.offset..end,
            size: record.size,
        });
        rest = after;
    }
    Some((facts, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Facts, Vec<Part>) {
        let facts = Facts {
            virt_base: GuestAddress::new(0xffff_ffff_8000_0000),
            entry: GuestAddress::new(0xffff_ffff_8000_1000),
            hypercall_page: None,
            init_p2m: Some(GuestAddress::new(0x8000_0000)),
            mod_start_pfn: true,
            features: Features {
                supported: 0x30,
                required: 1,
            },
            extent: 0x1000..0x4000,
        };
        let part = |start, bytes, size| Part { start, bytes, size };
        let parts = vec![part(0x1000, 7..9, 0x1000), part(0x2000, 20..25, 0x2000)];
        (facts, parts)
    }

    #[test]
    fn what_is_written_is_read() {
        let (facts, parts) = sample();
        let start = encode(&facts, &parts);
        let length = start.len() as u64 + 7;
        let (read_facts, read_parts) = decode(&start, length).expect("it is whole");
        assert_eq!(read_facts, facts);
        let first = start.len() as u64;
        assert_eq!(read_parts[0].bytes, first..first + 2);
        assert_eq!(read_parts[1].bytes, first + 2..first + 7);
        assert_eq!(read_parts[1].size, 0x2000);
        assert!(start.len() <= MAX_START);
    }

    #[test]
    fn what_is_cut_or_strange_is_not() {
        let (facts, parts) = sample();
        let start = encode(&facts, &parts);
        let length = start.len() as u64 + 7;
        assert!(decode(&start, length - 1).is_none());
        assert!(decode(&start[..start.len() - 1], length).is_none());
        assert!(decode(&[], 0).is_none());
        for byte in 0..8 {
            let mut other = start.clone();
            other[byte] ^= 1;
            assert!(decode(&other, length).is_none());
        }
    }
}
