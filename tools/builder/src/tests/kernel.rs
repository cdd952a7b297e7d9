//! A kernel of a few bytes.

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::elfnote::{ElfNote, NOTE_NAME};

/// Virtual address of frame 0.
pub(super) const BASE: u64 = 0xffff_ffff_8000_0000;
/// Pseudo-physical address of the kernel.
pub(super) const START: u64 = 0x10_0000;
/// Pages of the kernel: code, zeros, data, zeros that the file does not have.
pub(super) const PAGES: u64 = 40;
/// The page with data, counted from the start.
pub(super) const DATA_PAGE: u64 = 30;
/// What starts the code and the data.
pub(super) const CODE: &[u8] = b"code";
pub(super) const DATA: &[u8] = b"data";

/// An ELF file with one segment and Xen's notes, whose features are `features`.
pub(super) fn elf(features: &str) -> Vec<u8> {
    let mut notes = Vec::new();
    let mut note = |kind: ElfNote, content: &[u8]| {
        for word in [4, content.len(), kind.number() as usize] {
            notes.extend(u32::try_from(word).expect("small").to_le_bytes());
        }
        notes.extend(NOTE_NAME);
        notes.extend(content);
        notes.resize(notes.len().next_multiple_of(4), 0);
    };
    note(ElfNote::Entry, &(BASE + START).to_le_bytes());
    note(ElfNote::VirtBase, &BASE.to_le_bytes());
    note(ElfNote::XenVersion, b"xen-3.0\0");
    note(
        ElfNote::HypercallPage,
        &(BASE + START + 0x1000).to_le_bytes(),
    );
    note(ElfNote::Features, &[features.as_bytes(), b"\0"].concat());

    let data = usize::try_from(DATA_PAGE).expect("small") * PAGE_SIZE;
    let mut segment = vec![0; data + PAGE_SIZE];
    segment[..CODE.len()].copy_from_slice(CODE);
    segment[data..data + DATA.len()].copy_from_slice(DATA);

    let headers = 64 + 2 * 56;
    let mut file = Vec::new();
    file.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    let halves = |file: &mut Vec<u8>, values: &[u16]| {
        values
            .iter()
            .for_each(|value| file.extend(value.to_le_bytes()));
    };
    halves(&mut file, &[2, 62, 1, 0]);
    for value in [BASE + START, 64, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    halves(&mut file, &[64, 56, 2, 64, 0, 0]);
    let header = |file: &mut Vec<u8>, kind: u32, offset: usize, address: u64, size: [u64; 2]| {
        file.extend(kind.to_le_bytes());
        file.extend(7_u32.to_le_bytes());
        for value in [offset as u64, BASE + address, address, size[0], size[1], 8] {
            file.extend(value.to_le_bytes());
        }
    };
    let memory_size = PAGES * PAGE_SIZE as u64;
    header(
        &mut file,
        1,
        headers + notes.len(),
        START,
        [segment.len() as u64, memory_size],
    );
    header(&mut file, 4, headers, 0, [notes.len() as u64; 2]);
    file.extend(&notes);
    file.extend(&segment);
    file
}
