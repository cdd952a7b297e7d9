//! Tests of unpacking.

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Compression, Payload, PayloadError};

const LIMIT: usize = 1 << 20;

/// Each compression with the sample in it, see `tests/data/README.md`.
const PACKED: [(Compression, &[u8]); 5] = [
    (
        Compression::Gzip,
        include_bytes!("../../tests/data/sample.gz"),
    ),
    (
        Compression::Xz,
        include_bytes!("../../tests/data/sample.xz"),
    ),
    (
        Compression::Lzma,
        include_bytes!("../../tests/data/sample.lzma"),
    ),
    (
        Compression::Zstd,
        include_bytes!("../../tests/data/sample.zst"),
    ),
    (
        Compression::Lz4,
        include_bytes!("../../tests/data/sample.lz4"),
    ),
];

/// What all samples unpack to: calls to few targets, so that the filter for x86 code has work.
fn sample() -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in 0..6000_i32 {
        let target = i * 7919 % 64 * 4096;
        let here = i32::try_from(bytes.len()).unwrap() + 8;
        bytes.extend([0x48, 0x89, 0xf8, 0xe8]);
        bytes.extend((target - here).to_le_bytes());
        bytes.extend([0x0f, 0x05, 0xc3, u8::try_from(i * i % 251).unwrap()]);
    }
    bytes[..4].copy_from_slice(b"\x7fELF");
    bytes
}

/// A bzImage as Linux's build makes it. Of the formats only gzip ends with the size by itself.
fn bzimage(compression: Compression, packed: &[u8], size: usize) -> Vec<u8> {
    let mut payload = packed.to_vec();
    if !matches!(compression, Compression::Gzip | Compression::Plain) {
        payload.extend(u32::try_from(size).unwrap().to_le_bytes());
    }
    let mut image = vec![0; 0x2000];
    image[0x1f1] = 3;
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&0x020f_u16.to_le_bytes());
    let offset = u32::try_from(image.len() - 4 * 512).unwrap();
    image[0x248..0x24c].copy_from_slice(&offset.to_le_bytes());
    let length = u32::try_from(payload.len()).unwrap();
    image[0x24c..0x250].copy_from_slice(&length.to_le_bytes());
    image.extend(payload);
    image.extend([0xcc; 100]);
    image
}

fn unpack(file: &[u8]) -> Result<Cow<'_, [u8]>, PayloadError> {
    Payload::find(file)?.unpack(LIMIT)
}

#[test]
fn every_compression_unpacks_by_itself() {
    for (compression, packed) in PACKED {
        assert_eq!(Payload::find(packed).unwrap().compression(), compression);
        assert!(unpack(packed).unwrap() == sample(), "{compression}");
    }
    assert!(matches!(unpack(&sample()), Ok(Cow::Borrowed(_))));
}

#[test]
fn every_compression_unpacks_in_a_bzimage() {
    let plain = sample();
    for (compression, packed) in PACKED.into_iter().chain([(Compression::Plain, &plain[..])]) {
        let image = bzimage(compression, packed, plain.len());
        let payload = Payload::find(&image).unwrap();
        assert_eq!(payload.compression(), compression);
        assert_eq!(payload.unpacked_size(), Some(plain.len()));
        // More room than is needed does no harm, and stays as it was.
        let mut output = vec![0xaa; plain.len() + 10];
        assert_eq!(
            payload.unpack_into(&mut output),
            Ok(plain.len()),
            "{compression}"
        );
        assert!(output[..plain.len()] == plain && output[plain.len()..] == [0xaa; 10]);
        let mut short = vec![0; plain.len() - 1];
        let size = short.len();
        assert_eq!(
            payload.unpack_into(&mut short),
            Err(PayloadError::OutputTooSmall { size })
        );
    }
}

#[test]
fn a_wrong_size_in_a_bzimage_is_found() {
    let size = sample().len();
    for (compression, packed) in PACKED {
        if compression == Compression::Gzip {
            continue;
        }
        for expected in [size - 1, size + 1] {
            let image = bzimage(compression, packed, expected);
            let result = unpack(&image).map(Cow::into_owned);
            assert_eq!(
                result,
                Err(PayloadError::WrongSize { expected }),
                "{compression}"
            );
        }
    }
}

#[test]
fn a_small_limit_is_kept() {
    let limit = sample().len() - 1;
    for (compression, packed) in PACKED {
        let result = Payload::find(packed).unwrap().unpack(limit);
        assert_eq!(
            result,
            Err(PayloadError::TooLarge { limit }),
            "{compression}"
        );
        assert!(
            Payload::find(packed).unwrap().unpack(limit + 1).is_ok(),
            "{compression}"
        );
    }
}

#[test]
fn lz4_blocks_and_frames_follow_one_another() {
    let packed = PACKED[4].1;
    let frames = [packed, packed].concat();
    let blocks = [packed, &packed[4..]].concat();
    for file in [frames, blocks] {
        assert!(unpack(&file).unwrap() == sample().repeat(2));
    }
}

#[test]
fn gzip_header_fields_are_skipped() {
    let (header, rest) = PACKED[0].1.split_at(10);
    let named = rest.iter().position(|byte| *byte == 0).unwrap() + 1;
    let mut file = header.to_vec();
    // Extra field, name, comment, header checksum.
    file[3] = 0x1e;
    file.extend([3, 0, 1, 2, 3]);
    file.extend(b"name\0comment\0");
    file.extend([0x12, 0x34]);
    file.extend(&rest[named..]);
    assert!(unpack(&file).unwrap() == sample());
}

#[test]
fn files_that_are_no_kernel_are_named() {
    let mut old = bzimage(Compression::Plain, &sample(), 0);
    old[0x206] = 7;
    old[0x207] = 2;
    let whole = bzimage(Compression::Plain, &sample(), 0);
    let size = 0x2000_u64 + 100;
    let cases: [(&[u8], PayloadError); 7] = [
        (b"", PayloadError::Empty),
        (
            b"\x01",
            PayloadError::Unknown {
                start: [1, 0, 0, 0],
            },
        ),
        (b"#!/bin/sh", PayloadError::Unknown { start: *b"#!/b" }),
        (b"BZh91AY", PayloadError::Unsupported { name: "bzip2" }),
        (
            b"\x1f\x8b",
            PayloadError::Truncated {
                compression: Compression::Gzip,
            },
        ),
        (&old, PayloadError::OldBootProtocol { version: 0x0207 }),
        (
            &whole[..8292],
            PayloadError::OutsideFile {
                end: 0x2000 + 72_000,
                size,
            },
        ),
    ];
    for (file, error) in cases {
        assert_eq!(unpack(file).map(Cow::into_owned), Err(error));
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

#[test]
fn what_is_cut_short_never_unpacks() {
    for (compression, packed) in PACKED {
        for length in (0..packed.len()).step_by(97) {
            assert!(unpack(&packed[..length]).is_err(), "{compression} {length}");
            let image = bzimage(compression, &packed[..length], sample().len());
            assert!(
                unpack(&image).is_err(),
                "{compression} {length} in a bzImage"
            );
        }
    }
}

proptest! {
    /// What has a checksum unpacks as it was, or not at all; the rest does not break anything.
    #[test]
    fn damage_is_survived(
        kind in 0..PACKED.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_bzimage: bool,
    ) {
        let (compression, packed) = PACKED[kind];
        let mut file = match in_bzimage {
            true => bzimage(compression, packed, sample().len()),
            false => packed.to_vec(),
        };
        for (index, value) in edits {
            let index = index.index(file.len());
            file[index] = value;
        }
        let result = unpack(&file);
        if matches!(compression, Compression::Gzip | Compression::Xz)
            && let Ok(unpacked) = result
            && !in_bzimage
        {
            prop_assert!(unpacked == sample());
        }
    }

    #[test]
    fn random_data_is_survived(
        kind in 0..PACKED.len(),
        noise in prop::collection::vec(any::<u8>(), 0..600),
        kept in 0_usize..40,
    ) {
        let mut file = PACKED[kind].1[..kept].to_vec();
        file.extend(noise);
        let _ = unpack(&file);
    }
}
