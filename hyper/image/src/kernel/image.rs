//! A kernel as an ELF file.

use core::ops::Range;

use elf::abi::{EI_CLASS, ELFCLASS32, ELFMAGIC, EM_X86_64, PT_LOAD, PT_NOTE, SHT_NOTE};
use elf::endian::LittleEndian;
use elf::file::Class;
use elf::note::{Note, NoteIterator};
use elf::segment::ProgramHeader;
use elf::{ElfBytes, ParseError};
use ringwall_abi::{GuestAddress, PAGE_SIZE};

use super::notes::Collector;
use super::{KernelError, NoteSource, Notes, legacy};

/// More program headers than this are refused, so that comparing each with each stays cheap.
const MAX_SEGMENTS: usize = 64;
/// Notes are aligned to four bytes, also in 64-bit files.
const NOTE_ALIGN: usize = 4;

/// A part of the kernel to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Pseudo-physical address of the first byte.
    pub start: u64,
    /// The bytes to put there.
    pub bytes: &'a [u8],
    /// Size in memory, in bytes: zeros follow `bytes` up to it.
    pub size: u64,
}

impl Segment<'_> {
    /// Pseudo-physical address after the last byte.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }
}

/// A PV kernel: an ELF file that was found to be whole and in itself consistent.
pub struct Kernel<'a> {
    file: &'a [u8],
    elf: ElfBytes<'a, LittleEndian>,
    notes: Notes<'a>,
    extent: Range<u64>,
}

impl<'a> Kernel<'a> {
    /// Reads an unpacked kernel.
    ///
    /// # Errors
    /// See [`KernelError`].
    pub fn parse(file: &'a [u8]) -> Result<Self, KernelError> {
        if !file.starts_with(&ELFMAGIC) {
            return Err(KernelError::NotElf);
        }
        if file.get(EI_CLASS) == Some(&ELFCLASS32) {
            return Err(KernelError::Elf32);
        }
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file).map_err(damaged)?;
        if elf.ehdr.e_machine != EM_X86_64 {
            return Err(KernelError::WrongMachine {
                machine: elf.ehdr.e_machine,
            });
        }
        let count = elf.segments().map_or(0, |segments| segments.len());
        if count > MAX_SEGMENTS {
            return Err(KernelError::TooManySegments { count });
        }
        let notes = find_notes(&elf)?;
        let mut kernel = Self {
            file,
            elf,
            notes,
            extent: 0..0,
        };
        kernel.extent = kernel.check_segments()?;
        kernel.check_addresses()?;
        Ok(kernel)
    }

    /// What the kernel says of itself.
    #[must_use]
    pub const fn notes(&self) -> &Notes<'a> {
        &self.notes
    }

    /// Pseudo-physical addresses from the first segment's first byte to the last one's end.
    #[must_use]
    pub fn extent(&self) -> Range<u64> {
        self.extent.clone()
    }

    /// What is to be loaded. No two overlap, and all lie within [`Kernel::extent`].
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> {
        self.headers()
            .filter_map(|(index, header)| self.segment(index, &header).ok())
    }

    fn headers(&self) -> impl Iterator<Item = (usize, ProgramHeader)> {
        let headers = self.elf.segments().into_iter().flatten().enumerate();
        headers.filter(|(_, header)| header.p_type == PT_LOAD && header.p_memsz > 0)
    }

    fn segment(&self, index: usize, header: &ProgramHeader) -> Result<Segment<'a>, KernelError> {
        let outside = KernelError::SegmentOutsideFile { index };
        let (address, size) = (header.p_paddr, header.p_memsz);
        let position = usize::try_from(header.p_offset).map_err(|_| outside)?;
        let length = usize::try_from(header.p_filesz).map_err(|_| outside)?;
        let end = position.checked_add(length).ok_or(outside)?;
        let bytes = match length {
            // Where zeros alone are loaded, the position means nothing.
            0 => &[],
            _ => self.file.get(position..end).ok_or(outside)?,
        };
        if header.p_filesz > size {
            return Err(outside);
        }
        // The physical address counts, not the virtual one: the region maps frames one to one, and
        // Linux has a segment at virtual address 0 for its per-CPU data.
        let start = address
            .checked_sub(self.notes.paddr_offset)
            .filter(|start| start.checked_add(size).is_some())
            .ok_or(KernelError::SegmentAddress {
                index,
                address,
                size,
            })?;
        Ok(Segment { start, bytes, size })
    }

    /// Checks each segment, and each pair of them.
    fn check_segments(&self) -> Result<Range<u64>, KernelError> {
        let mut extent: Option<Range<u64>> = None;
        for (second, header) in self.headers() {
            let segment = self.segment(second, &header)?;
            for (first, earlier) in self.headers().take_while(|(first, _)| *first < second) {
                let other = self.segment(first, &earlier)?;
                if segment.start < other.end() && other.start < segment.end() {
                    return Err(KernelError::SegmentsOverlap { first, second });
                }
            }
            let (start, end) = (segment.start, segment.end());
            extent = Some(extent.map_or(start..end, |all| all.start.min(start)..all.end.max(end)));
        }
        extent.ok_or(KernelError::NoSegments)
    }

    fn check_addresses(&self) -> Result<(), KernelError> {
        let inside = |address: GuestAddress, size: u64| {
            let offset = address.raw().checked_sub(self.notes.virt_base.raw());
            let end = offset.and_then(|offset| offset.checked_add(size));
            offset.is_some_and(|offset| self.extent.start <= offset)
                && end.is_some_and(|end| end <= self.extent.end)
        };
        if !inside(self.notes.entry, 1) {
            return Err(KernelError::EntryOutside {
                address: self.notes.entry.raw(),
            });
        }
        match self.notes.hypercall_page {
            Some(page) if page.page_offset() != 0 || !inside(page, PAGE_SIZE as u64) => {
                Err(KernelError::HypercallPageOutside {
                    address: page.raw(),
                })
            }
            _ => Ok(()),
        }
    }
}

fn damaged(_: ParseError) -> KernelError {
    KernelError::DamagedHeaders
}

/// Looks where notes may be: note segments, note sections, the section of old.
fn find_notes<'a>(elf: &ElfBytes<'a, LittleEndian>) -> Result<Notes<'a>, KernelError> {
    let mut notes = Collector::default();
    for header in elf
        .segments()
        .into_iter()
        .flatten()
        .filter(|header| header.p_type == PT_NOTE)
    {
        collect(&mut notes, elf.segment_data(&header).map_err(damaged)?)?;
    }
    if notes.found {
        return notes.finish(NoteSource::Elf);
    }
    for header in elf.section_headers().into_iter().flatten() {
        if header.sh_type == SHT_NOTE {
            let (data, _) = elf.section_data(&header).map_err(damaged)?;
            collect(&mut notes, data)?;
        }
    }
    if notes.found {
        return notes.finish(NoteSource::Elf);
    }
    // A file without sections, or whose section names are damaged, has no such section.
    let Ok(Some(header)) = elf.section_header_by_name("__xen_guest") else {
        return Err(KernelError::NoXenNotes);
    };
    let (data, _) = elf.section_data(&header).map_err(damaged)?;
    legacy::collect(data)?.finish(NoteSource::XenGuestSection)
}

fn collect<'a>(notes: &mut Collector<'a>, data: &'a [u8]) -> Result<(), KernelError> {
    for note in NoteIterator::new(LittleEndian, Class::ELF64, NOTE_ALIGN, data) {
        if let Note::Unknown(note) = note
            && note.name == b"Xen\0"
        {
            notes.add(note.n_type, note.desc)?;
        }
    }
    Ok(())
}
