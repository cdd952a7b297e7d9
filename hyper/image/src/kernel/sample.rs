//! ELF files for tests.

/// An ELF file in the making.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) class: u8,
    pub(crate) machine: u16,
    /// Physical address, bytes in the file, size in memory.
    pub(crate) segments: Vec<(u64, Vec<u8>, u64)>,
    /// Type and content of the Xen notes.
    pub(crate) notes: Vec<(u32, Vec<u8>)>,
    /// Whether the notes are in a section alone, and not in a segment.
    pub(crate) notes_in_section: bool,
    /// The content of a section `__xen_guest`.
    pub(crate) xen_guest: Option<&'static str>,
}

pub(crate) const VIRT_BASE: u64 = 0xffff_ffff_8000_0000;

impl Default for Sample {
    fn default() -> Self {
        Self {
            class: 2,
            machine: 62,
            segments: vec![
                (0x10_0000, vec![0x90; 0x2000], 0x2000),
                (0x10_2000, vec![1; 0x10], 0x5000),
            ],
            notes: vec![
                (6, b"linux\0".to_vec()),
                (3, VIRT_BASE.to_le_bytes().to_vec()),
                (1, (VIRT_BASE + 0x10_0040).to_le_bytes().to_vec()),
                (2, (VIRT_BASE + 0x10_1000).to_le_bytes().to_vec()),
                (15, 0x80_0000_0000_u64.to_le_bytes().to_vec()),
                (16, 1_u32.to_le_bytes().to_vec()),
                (
                    10,
                    b"!writable_page_tables|pae_pgdir_above_4gb|of_the_future\0".to_vec(),
                ),
                (17, 0x8801_u32.to_le_bytes().to_vec()),
                (13, [1_u64.to_le_bytes(), 1_u64.to_le_bytes()].concat()),
                (14, 1_u32.to_le_bytes().to_vec()),
                (5, b"xen-3.0\0".to_vec()),
                (0x1234, b"unknown".to_vec()),
            ],
            notes_in_section: false,
            xen_guest: None,
        }
    }
}

impl Sample {
    /// The default, without the note.
    pub(crate) fn without_note(kind: u32) -> Self {
        let mut sample = Self::default();
        sample.notes.retain(|(other, _)| *other != kind);
        sample
    }

    /// The default, with another content of the note.
    pub(crate) fn with_note(kind: u32, content: &[u8]) -> Self {
        let mut sample = Self::without_note(kind);
        sample.notes.push((kind, content.to_vec()));
        sample
    }

    /// The default, with other segments: physical address, size in memory.
    pub(crate) fn with_segments(segments: &[(u64, u64)]) -> Self {
        let empty = |&(address, size)| (address, Vec::new(), size);
        Self {
            segments: segments.iter().map(empty).collect(),
            ..Self::default()
        }
    }

    /// The file.
    pub(crate) fn build(&self) -> Vec<u8> {
        let note_segments = usize::from(!self.notes_in_section && !self.notes.is_empty());
        let headers = self.segments.len() + note_segments;
        let mut body = Vec::new();
        let body_start = 64 + 56 * headers;
        let mut place = |bytes: &[u8]| {
            let position = body_start + body.len();
            body.extend(bytes);
            body.resize(body.len().next_multiple_of(8), 0);
            position as u64
        };

        let mut notes = Vec::new();
        for (kind, content) in &self.notes {
            for word in [4, u32::try_from(content.len()).unwrap(), *kind] {
                notes.extend(word.to_le_bytes());
            }
            notes.extend(b"Xen\0");
            notes.extend(content);
            notes.resize(notes.len().next_multiple_of(4), 0);
        }
        let notes_at = place(&notes);

        let mut program = Vec::new();
        let mut program_header = |kind: u32, offset: u64, address: u64, file: u64, memory: u64| {
            program.extend(kind.to_le_bytes());
            program.extend(7_u32.to_le_bytes());
            for word in [offset, address, address, file, memory, 4] {
                program.extend(word.to_le_bytes());
            }
        };
        for (address, bytes, size) in &self.segments {
            program_header(1, place(bytes), *address, bytes.len() as u64, *size);
        }
        if note_segments > 0 {
            program_header(4, notes_at, 0, notes.len() as u64, notes.len() as u64);
        }

        let names = b"\0.notes\0__xen_guest\0.shstrtab\0";
        let guest = self.xen_guest.unwrap_or_default();
        let mut sections = vec![[0; 8]];
        if self.notes_in_section {
            sections.push([1, 7, 0, 0, notes_at, notes.len() as u64, 0, 4]);
        }
        if self.xen_guest.is_some() {
            sections.push([
                8,
                1,
                0,
                0,
                place(guest.as_bytes()),
                guest.len() as u64,
                0,
                1,
            ]);
        }
        sections.push([20, 3, 0, 0, place(names), names.len() as u64, 0, 1]);
        let mut table = Vec::new();
        for [name, kind, flags, address, offset, size, _, align] in &sections {
            table.extend(u32::try_from(*name).unwrap().to_le_bytes());
            table.extend(u32::try_from(*kind).unwrap().to_le_bytes());
            for word in [flags, address, offset, size, &0, align, &0] {
                table.extend(word.to_le_bytes());
            }
        }
        let sections_at = place(&table);

        let mut file = vec![0x7f, b'E', b'L', b'F', self.class, 1, 1, 0];
        file.extend([0; 8]);
        file.extend(2_u16.to_le_bytes());
        file.extend(self.machine.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        for word in [0, 64, sections_at] {
            file.extend(word.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        let counts = [64, 56, headers, 64, sections.len(), sections.len() - 1];
        for count in counts {
            file.extend(u16::try_from(count).unwrap().to_le_bytes());
        }
        file.extend(program);
        file.extend(body);
        file
    }
}
