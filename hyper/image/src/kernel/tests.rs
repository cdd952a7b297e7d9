//! Tests of reading kernels.

use proptest::prelude::*;
use ringwall_abi::GuestAddress;

use super::sample::{Sample, VIRT_BASE};
use super::{Features, Kernel, KernelError, NoteSource};

fn error_of(file: &[u8]) -> Option<KernelError> {
    Kernel::parse(file).err()
}

#[test]
fn notes_are_read() {
    for notes_in_section in [false, true] {
        let file = Sample {
            notes_in_section,
            ..Sample::default()
        }
        .build();
        let kernel = Kernel::parse(&file).unwrap();
        let notes = kernel.notes();
        assert_eq!(notes.source, NoteSource::Elf);
        assert_eq!(notes.virt_base.raw(), VIRT_BASE);
        assert_eq!(notes.entry.raw(), VIRT_BASE + 0x10_0040);
        assert_eq!(
            notes.hypercall_page.map(GuestAddress::raw),
            Some(VIRT_BASE + 0x10_1000)
        );
        assert_eq!(notes.init_p2m.map(GuestAddress::raw), Some(0x80_0000_0000));
        assert!(notes.mod_start_pfn && notes.suspend_cancel && !notes.bsd_symtab);
        assert_eq!(
            notes.features,
            Features {
                supported: 0x8811,
                required: 1
            }
        );
        assert_eq!(notes.l1_mfn_valid, Some((1, 1)));
        assert_eq!(notes.guest_os, Some("linux"));
        assert_eq!(notes.guest_version, None);
        assert_eq!(kernel.extent(), 0x10_0000..0x10_7000);
    }
}

#[test]
fn segments_are_those_to_load() {
    let file = Sample::default().build();
    let kernel = Kernel::parse(&file).unwrap();
    let segments: Vec<_> = kernel
        .segments()
        .map(|segment| (segment.start, segment.bytes.len(), segment.size))
        .collect();
    assert_eq!(
        segments,
        [(0x10_0000, 0x2000, 0x2000), (0x10_2000, 0x10, 0x5000)]
    );
}

#[test]
fn paddr_offset_moves_the_segments() {
    let offset = 0x10_0000_u64;
    let mut sample = Sample::with_note(4, &offset.to_le_bytes());
    sample.notes.retain(|(kind, _)| !matches!(kind, 1 | 2));
    sample
        .notes
        .push((1, (VIRT_BASE + 8).to_le_bytes().to_vec()));
    let file = sample.build();
    assert_eq!(Kernel::parse(&file).unwrap().extent(), 0..0x7000);
}

#[test]
fn the_section_of_old_is_read() {
    let text = "GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,\
                VIRT_ENTRY=0xffffffff80100000,HYPERCALL_PAGE=0x101,ELF_PADDR_OFFSET=0,\
                FEATURES=writable_page_tables|auto_translated_physmap,PAE=yes,LOADER=generic,BSD_SYMTAB\0";
    let file = Sample {
        notes: vec![],
        xen_guest: Some(text),
        ..Sample::default()
    }
    .build();
    let kernel = Kernel::parse(&file).unwrap();
    let notes = kernel.notes();
    assert_eq!(notes.source, NoteSource::XenGuestSection);
    assert_eq!(
        notes.hypercall_page.map(GuestAddress::raw),
        Some(VIRT_BASE + 0x10_1000)
    );
    assert_eq!(
        notes.features,
        Features {
            supported: 5,
            required: 0
        }
    );
    assert!(notes.bsd_symtab && !notes.mod_start_pfn);
}

#[test]
fn a_missing_feature_is_named() {
    let features = Features {
        supported: 0x8811,
        required: 0x11,
    };
    assert_eq!(features.first_missing(0x0811), None);
    assert_eq!(features.first_missing(0x0801), Some("pae_pgdir_above_4gb"));
}

#[test]
fn every_error_is_named() {
    let good = Sample::default();
    let legacy = |text| Sample {
        notes: vec![],
        xen_guest: Some(text),
        ..Sample::default()
    };
    let page = 4096;
    let cases = [
        (good.build()[..40].to_vec(), KernelError::DamagedHeaders),
        (b"MZ".to_vec(), KernelError::NotElf),
        (
            Sample {
                class: 1,
                ..good.clone()
            }
            .build(),
            KernelError::Elf32,
        ),
        (
            Sample {
                machine: 183,
                ..good.clone()
            }
            .build(),
            KernelError::WrongMachine { machine: 183 },
        ),
        (
            Sample::with_segments(&[(0, 1); 64]).build(),
            KernelError::TooManySegments { count: 65 },
        ),
        (Sample::with_segments(&[]).build(), KernelError::NoSegments),
        (
            Sample {
                segments: vec![(page, vec![0; 9], 8)],
                ..good.clone()
            }
            .build(),
            KernelError::SegmentOutsideFile { index: 0 },
        ),
        (
            Sample::with_segments(&[(0, 1), (u64::MAX - 4, 8)]).build(),
            KernelError::SegmentAddress {
                index: 1,
                address: u64::MAX - 4,
                size: 8,
            },
        ),
        (
            Sample::with_note(4, &0x20_0000_u32.to_le_bytes()).build(),
            KernelError::SegmentAddress {
                index: 0,
                address: 0x10_0000,
                size: 0x2000,
            },
        ),
        (
            Sample::with_segments(&[(0, page), (2 * page, page), (page - 1, 2)]).build(),
            KernelError::SegmentsOverlap {
                first: 0,
                second: 2,
            },
        ),
        (
            Sample {
                notes: vec![],
                ..good.clone()
            }
            .build(),
            KernelError::NoXenNotes,
        ),
        (Sample::without_note(1).build(), KernelError::NoEntry),
        (legacy("GUEST_OS=linux\0").build(), KernelError::NoEntry),
        (
            legacy("VIRT_ENTRY=12z\0").build(),
            KernelError::MalformedNote { name: "VIRT_ENTRY" },
        ),
        (
            Sample::with_note(1, &[1, 2, 3]).build(),
            KernelError::MalformedNote { name: "ENTRY" },
        ),
        (
            Sample::with_note(6, &[0xff]).build(),
            KernelError::MalformedNote { name: "GUEST_OS" },
        ),
        (
            Sample::with_note(13, &[0; 15]).build(),
            KernelError::MalformedNote {
                name: "L1_MFN_VALID",
            },
        ),
        (
            Sample::with_note(5, b"xen-4.0\0").build(),
            KernelError::WrongXenVersion,
        ),
        (
            Sample::with_note(10, b"dom0|!warp\0").build(),
            KernelError::UnknownFeature,
        ),
        (
            Sample::with_note(1, &[8; 8]).build(),
            KernelError::EntryOutside {
                address: 0x0808_0808_0808_0808,
            },
        ),
        (
            Sample::with_note(2, &[0; 4]).build(),
            KernelError::HypercallPageOutside { address: 0 },
        ),
    ];
    for (file, error) in cases {
        assert_eq!(error_of(&file), Some(error));
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

proptest! {
    #[test]
    fn damage_is_survived(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        notes_in_section: bool,
        length in any::<prop::sample::Index>(),
    ) {
        let mut file = Sample { notes_in_section, ..Sample::default() }.build();
        // Headers and notes are where damage tells: they are at the front.
        for (index, value) in edits {
            file[index.index(0x400)] = value;
        }
        file.truncate(length.index(file.len()) + 1);
        if let Ok(kernel) = Kernel::parse(&file) {
            let extent = kernel.extent();
            for segment in kernel.segments() {
                prop_assert!(extent.start <= segment.start && segment.end() <= extent.end);
                prop_assert!(segment.bytes.len() as u64 <= segment.size);
            }
        }
    }

    #[test]
    fn segments_never_overlap(
        segments in prop::collection::vec((0_u64..20, 1_u64..6), 1..5),
    ) {
        let file = Sample {
            segments: segments.iter().map(|&(start, size)| (start, vec![], size)).collect(),
            notes: vec![(1, 0_u32.to_le_bytes().to_vec())],
            ..Sample::default()
        }
        .build();
        let mut used = [0; 32];
        for (start, size) in &segments {
            (*start..start + size).for_each(|byte| used[usize::try_from(byte).unwrap()] += 1);
        }
        let overlap = used.iter().any(|count| *count > 1);
        let found = matches!(error_of(&file), Some(KernelError::SegmentsOverlap { .. }));
        prop_assert_eq!(overlap, found);
    }
}
