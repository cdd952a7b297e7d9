//! From the linked ELF64 to the ELF32 that multiboot loaders load.
//!
//! One load segment per segment of the ELF64, at its physical address, and one with the symbols
//! at `__symbols_start`. The bits are the same: only the coat is another.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use object::elf;
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _, Sym as _};
use object::{LittleEndian as LE, U16, U32, pod};

use super::symbols;

type Header = elf::FileHeader64<LE>;

/// File offset of the first segment: loaders look for their headers near the start of the file.
const FIRST_SEGMENT: usize = 0x1000;
/// Alignment of segments, in the file as in memory.
const PAGE: u64 = 0x1000;
/// From here up an address can't be physical in an ELF32.
const FOUR_GIB: u64 = 1 << 32;

/// An ELF32 image.
pub(super) struct Image {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// Bytes of it that are symbols.
    pub(super) symbols_size: usize,
}

/// A load segment.
struct Segment<'a> {
    virtual_address: u64,
    physical_address: u64,
    data: &'a [u8],
    memory_size: u64,
    flags: elf::ProgramFlags,
}

impl Segment<'_> {
    /// Whether the address lies in it, or in the rest of its last page.
    fn covers(&self, address: u64) -> bool {
        let end = (self.virtual_address + self.memory_size).next_multiple_of(PAGE);
        (self.virtual_address..=end).contains(&address)
    }
}

/// Turns the linked file into the image.
pub(super) fn convert(linked: &[u8]) -> Result<Image> {
    let header = Header::parse(linked).context("not an ELF64 file")?;
    refuse_relocations(header, linked)?;
    let segments = load_segments(header, linked)?;
    let names = Names::of(header, linked)?;

    let entry = match header.e_entry(LE) {
        physical if physical < FOUR_GIB => physical,
        _ => physical(&segments, names.symbol("_start32")?)?,
    };
    let symbols_at = physical(&segments, names.symbol("__symbols_start")?)?;
    let symbols = symbols::encode(&names.functions(names.symbol("__image_start")?))?;
    for segment in &segments {
        let end = segment.physical_address + segment.memory_size;
        ensure!(
            symbols_at >= end || symbols_at + symbols.len() as u64 <= segment.physical_address,
            "__symbols_start ({symbols_at:#x}) lies inside the image, which ends at {end:#x}"
        );
    }
    let symbols_segment = Segment {
        virtual_address: symbols_at,
        physical_address: symbols_at,
        data: &symbols,
        memory_size: symbols.len() as u64,
        flags: elf::PF_R,
    };
    let bytes = write(entry, segments.iter().chain([&symbols_segment]))?;
    Ok(Image {
        bytes,
        symbols_size: symbols.len(),
    })
}

fn refuse_relocations(header: &Header, linked: &[u8]) -> Result<()> {
    let sections = header.sections(LE, linked)?;
    for section in sections.iter() {
        let kind = section.sh_type(LE);
        if [elf::SHT_REL, elf::SHT_RELA, elf::SHT_RELR].contains(&kind) && section.sh_size(LE) > 0 {
            let name = String::from_utf8_lossy(sections.section_name(LE, section)?).into_owned();
            bail!(
                "the image needs relocation: {name} has {} bytes; find the absolute address",
                section.sh_size(LE)
            );
        }
    }
    Ok(())
}

fn load_segments<'a>(header: &Header, linked: &'a [u8]) -> Result<Vec<Segment<'a>>> {
    let mut segments = Vec::new();
    for program in header.program_headers(LE, linked)? {
        if program.p_type(LE) != elf::PT_LOAD || program.p_memsz(LE) == 0 {
            continue;
        }
        let data = program
            .data(LE, linked)
            .ok()
            .context("a segment lies outside the file")?;
        segments.push(Segment {
            virtual_address: program.p_vaddr(LE),
            physical_address: program.p_paddr(LE),
            data,
            memory_size: program.p_memsz(LE),
            flags: program.p_flags(LE),
        });
    }
    ensure!(!segments.is_empty(), "the linked file has nothing to load");
    Ok(segments)
}

/// The physical address of a virtual one, by the segment that it lies in or ends.
fn physical(segments: &[Segment<'_>], address: u64) -> Result<u64> {
    let segment = segments
        .iter()
        .filter(|segment| segment.covers(address))
        .max_by_key(|segment| segment.virtual_address)
        .with_context(|| format!("{address:#x} lies in no segment"))?;
    Ok(address - segment.virtual_address + segment.physical_address)
}

/// The linked file's symbols.
struct Names<'a> {
    by_name: BTreeMap<&'a str, u64>,
    functions: Vec<(u64, &'a str)>,
}

impl<'a> Names<'a> {
    fn of(header: &Header, linked: &'a [u8]) -> Result<Self> {
        let sections = header.sections(LE, linked)?;
        let table = sections.symbols(LE, linked, elf::SHT_SYMTAB)?;
        let mut names = Self {
            by_name: BTreeMap::new(),
            functions: Vec::new(),
        };
        for symbol in table.iter() {
            let Ok(name) = str::from_utf8(symbol.name(LE, table.strings())?) else {
                continue;
            };
            if symbol.st_type() == elf::STT_FUNC {
                names.functions.push((symbol.st_value(LE), name));
            }
            names.by_name.insert(name, symbol.st_value(LE));
        }
        Ok(names)
    }

    fn symbol(&self, name: &str) -> Result<u64> {
        self.by_name
            .get(name)
            .copied()
            .with_context(|| format!("the image lacks symbol {name}"))
    }

    /// Mangled function names by offset from `image_start`.
    fn functions(&self, image_start: u64) -> BTreeMap<u32, &'a str> {
        let offset = |address: u64| u32::try_from(address.checked_sub(image_start)?).ok();
        self.functions
            .iter()
            .filter_map(|(at, name)| Some((offset(*at)?, *name)))
            .collect()
    }
}

fn write<'a>(entry: u64, segments: impl Iterator<Item = &'a Segment<'a>>) -> Result<Vec<u8>> {
    let segments: Vec<_> = segments.collect();
    let mut body = vec![0; FIRST_SEGMENT];
    let mut headers = Vec::new();
    for segment in &segments {
        // A segment's offset in the file and its address agree modulo the page size.
        let skew = usize::try_from(segment.physical_address % PAGE)?;
        let mut offset = body.len().next_multiple_of(FIRST_SEGMENT) + skew;
        if segment.data.is_empty() {
            offset = skew;
        } else {
            body.resize(offset, 0);
            body.extend_from_slice(segment.data);
        }
        let address = narrow(segment.physical_address)?;
        headers.push(elf::ProgramHeader32 {
            p_type: U32::new(LE, elf::PT_LOAD),
            p_offset: narrow(offset as u64)?,
            p_vaddr: address,
            p_paddr: address,
            p_filesz: narrow(segment.data.len() as u64)?,
            p_memsz: narrow(segment.memory_size)?,
            p_flags: U32::new(LE, segment.flags),
            p_align: narrow(PAGE)?,
        });
    }
    let header = file_header(entry, headers.len())?;
    let head = [pod::bytes_of(&header), pod::bytes_of_slice(&headers)].concat();
    ensure!(
        head.len() <= FIRST_SEGMENT,
        "too many segments: {}",
        segments.len()
    );
    body[..head.len()].copy_from_slice(&head);
    Ok(body)
}

fn file_header(entry: u64, segment_count: usize) -> Result<elf::FileHeader32<LE>> {
    let size = |bytes: usize| Ok::<_, anyhow::Error>(U16::new(LE, u16::try_from(bytes)?));
    let header_size = size_of::<elf::FileHeader32<LE>>();
    Ok(elf::FileHeader32 {
        e_ident: elf::Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS32,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(LE, elf::ET_EXEC),
        e_machine: U16::new(LE, elf::EM_386),
        e_version: U32::new(LE, u32::from(elf::EV_CURRENT.0)),
        e_entry: narrow(entry)?,
        e_phoff: narrow(header_size as u64)?,
        e_shoff: U32::new(LE, 0),
        e_flags: U32::new(LE, elf::FileFlags(0)),
        e_ehsize: size(header_size)?,
        e_phentsize: size(size_of::<elf::ProgramHeader32<LE>>())?,
        e_phnum: size(segment_count)?,
        e_shentsize: size(0)?,
        e_shnum: size(0)?,
        e_shstrndx: U16::new(LE, elf::SHN_UNDEF),
    })
}

fn narrow(value: u64) -> Result<U32<LE>> {
    let value = u32::try_from(value)
        .ok()
        .with_context(|| format!("{value:#x} is no physical address below 4 GiB"))?;
    Ok(U32::new(LE, value))
}
