//! The file: its header, its sections, its notes.

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::elfnote::{ElfNote, NOTE_NAME};
use ringwall_control::Version;
use zerocopy::{Immutable, IntoBytes};

/// What the header note starts with for a PV domain.
const MAGIC: u64 = 0xf00f_ebed;
const FORMAT_VERSION: u64 = 1;
const HEADER_SIZE: u64 = 64;
const SECTION_SIZE: u64 = 64;
const SHT_PROGBITS: u32 = 1;
const SHT_STRTAB: u32 = 3;
const SHT_NOTE: u32 = 7;
/// The sections after the first, which is none.
const NAMES: [&str; 6] = [
    ".note.Xen",
    ".xen_prstatus",
    ".xen_shared_info",
    ".xen_p2m",
    ".shstrtab",
    ".xen_pages",
];

/// What the parts of the file have, in bytes or pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) vcpus: u64,
    /// Bytes of one virtual CPU's state.
    pub(super) context: u64,
    pub(super) pages: u64,
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct FileHeader {
    ident: [u8; 16],
    kind: u16,
    machine: u16,
    version: u32,
    entry: u64,
    program_headers: u64,
    section_headers: u64,
    flags: u32,
    header_size: u16,
    program_header_size: u16,
    program_header_count: u16,
    section_header_size: u16,
    section_count: u16,
    names: u16,
}

#[derive(Default, IntoBytes, Immutable)]
#[repr(C)]
struct SectionHeader {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entry_size: u64,
}

/// The names, each ended by a zero, after an empty one.
pub(super) fn names() -> Vec<u8> {
    let mut names = vec![0];
    for name in NAMES {
        names.extend(name.as_bytes());
        names.push(0);
    }
    names
}

/// All notes: what this is, how much of it there is, and under which hypervisor.
pub(super) fn notes(sizes: &Sizes, version: &Version) -> Vec<u8> {
    let page = PAGE_SIZE as u64;
    let counts = [MAGIC, sizes.vcpus, sizes.pages, page];
    let mut hypervisor = [u64::from(version.major), u64::from(version.minor)]
        .as_bytes()
        .to_vec();
    // Extra version, compiler, by whom, where, when, capabilities, changeset: text in places of fixed length.
    for (text, length) in [
        (version.extra.as_str(), 16),
        ("", 64 + 16 + 32 + 32),
        ("", 1024),
        ("", 64),
    ] {
        let end = hypervisor.len() + length;
        hypervisor.extend(text.bytes().take(length - 1));
        hypervisor.resize(end, 0);
    }
    let start = ringwall_abi::arch_x86::HYPERVISOR_VIRT_START;
    hypervisor.extend([start, page].as_bytes());
    let mut notes = Vec::new();
    for (kind, content) in [
        (ElfNote::DumpcoreNone, &[][..]),
        (ElfNote::DumpcoreHeader, counts.as_bytes()),
        (ElfNote::DumpcoreXenVersion, hypervisor.as_slice()),
        (ElfNote::DumpcoreFormatVersion, FORMAT_VERSION.as_bytes()),
    ] {
        let length = u32::try_from(content.len()).unwrap_or(0);
        notes.extend([4, length, kind.number()].as_bytes());
        notes.extend(NOTE_NAME);
        notes.extend(content);
        notes.resize(notes.len().next_multiple_of(4), 0);
    }
    notes
}

/// The start of the file, up to the first section's bytes, and how many zeros come before the pages. The sections
/// follow in their order, all but the pages without a gap.
pub(super) fn start(sizes: &Sizes, notes: u64) -> (Vec<u8>, usize) {
    let page = PAGE_SIZE as u64;
    let count = NAMES.len() as u64 + 1;
    let lengths = [
        notes,
        sizes.vcpus * sizes.context,
        page,
        sizes.pages * 16,
        names().len() as u64,
        sizes.pages * page,
    ];
    let kinds = [
        SHT_NOTE,
        SHT_PROGBITS,
        SHT_PROGBITS,
        SHT_PROGBITS,
        SHT_STRTAB,
        SHT_PROGBITS,
    ];
    let entries = [0, sizes.context, page, 16, 0, page];
    let header = FileHeader {
        ident: *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
        kind: 4,
        machine: 62,
        version: 1,
        entry: 0,
        program_headers: 0,
        section_headers: HEADER_SIZE,
        flags: 0,
        header_size: 64,
        program_header_size: 0,
        program_header_count: 0,
        section_header_size: 64,
        section_count: 7,
        names: 5,
    };
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(SectionHeader::default().as_bytes());
    let mut offset = HEADER_SIZE + count * SECTION_SIZE;
    let mut name = 1;
    let mut gap = 0;
    for (index, text) in NAMES.iter().enumerate() {
        let value = |list: &[u64]| list.get(index).copied().unwrap_or(0);
        let is_pages = index + 1 == NAMES.len();
        if is_pages {
            gap = offset.next_multiple_of(page) - offset;
            offset += gap;
        }
        let section = SectionHeader {
            name,
            kind: kinds.get(index).copied().unwrap_or(SHT_PROGBITS),
            offset,
            size: value(&lengths),
            align: if is_pages { page } else { 1 },
            entry_size: value(&entries),
            ..SectionHeader::default()
        };
        bytes.extend(section.as_bytes());
        offset += value(&lengths);
        name += u32::try_from(text.len() + 1).unwrap_or(0);
    }
    (bytes, usize::try_from(gap).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::elf::ElfFile64;
    use object::{LittleEndian, Object as _, ObjectSection as _};

    #[test]
    fn an_elf_reader_finds_the_sections() {
        let sizes = Sizes {
            vcpus: 2,
            context: 5168,
            pages: 3,
        };
        let version = Version {
            major: 4,
            minor: 17,
            extra: ".7".to_owned(),
        };
        let notes = notes(&sizes, &version);
        let (mut file, gap) = start(&sizes, notes.len() as u64);
        file.extend(&notes);
        file.extend(vec![1; 2 * 5168]);
        file.extend(vec![2; PAGE_SIZE]);
        file.extend(vec![3; 3 * 16]);
        file.extend(names());
        file.resize(file.len() + gap, 0);
        assert_eq!(file.len() % PAGE_SIZE, 0);
        file.extend(vec![5; 3 * PAGE_SIZE]);
        let elf = ElfFile64::<LittleEndian>::parse(&*file).expect("it is an ELF file");
        for (name, length, byte) in [
            (".xen_prstatus", 2 * 5168, 1),
            (".xen_shared_info", PAGE_SIZE, 2),
            (".xen_p2m", 48, 3),
            (".xen_pages", 3 * PAGE_SIZE, 5),
        ] {
            let section = elf.section_by_name(name).expect(name);
            let data = section.data().expect("it is in the file");
            assert_eq!(data, vec![byte; length], "{name}");
        }
        let section = elf.section_by_name(".note.Xen").expect("notes");
        assert_eq!(section.data().expect("it is in the file"), notes);
        // NONE has no content; then comes the header: its magic, after two heads of 16 bytes.
        assert_eq!(notes[32..40], MAGIC.to_le_bytes());
        assert_eq!(notes[48..56], 3_u64.to_le_bytes());
    }
}
