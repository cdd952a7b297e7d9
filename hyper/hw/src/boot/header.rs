//! The headers by which boot loaders know the image.
// UNSAFETY: the headers are placed in the image's first section by name.
#![expect(unsafe_code)]

use multiboot2_header::{
    EndHeaderTag, HeaderTagFlag, HeaderTagISA, MAGIC, ModuleAlignHeaderTag, Multiboot2BasicHeader,
};

/// Magic value of a multiboot 1 header.
const MULTIBOOT1_MAGIC: u32 = 0x1bad_b002;
/// Modules on page boundaries, and memory information.
const MULTIBOOT1_FLAGS: u32 = 0b11;

/// Protected mode, 32 bits.
const I386: u32 = 0;

#[repr(C, align(8))]
struct Headers {
    magic2: u32,
    architecture: u32,
    length: u32,
    checksum2: u32,
    module_align: ModuleAlignHeaderTag,
    end: EndHeaderTag,
    magic1: u32,
    flags: u32,
    checksum1: u32,
}

/// Length of the multiboot 2 part in bytes.
const LENGTH2: u32 = 16 + 8 + 8;

// SAFETY: the linker script puts this section first into the image and gives it no other meaning.
#[unsafe(link_section = ".boot.headers")]
#[used]
static HEADERS: Headers = Headers {
    magic2: MAGIC,
    architecture: I386,
    length: LENGTH2,
    checksum2: Multiboot2BasicHeader::calc_checksum(MAGIC, HeaderTagISA::I386, LENGTH2),
    module_align: ModuleAlignHeaderTag::new(HeaderTagFlag::Required),
    end: EndHeaderTag::new(),
    magic1: MULTIBOOT1_MAGIC,
    flags: MULTIBOOT1_FLAGS,
    checksum1: 0u32.wrapping_sub(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS),
};

const _: () = assert!(core::mem::offset_of!(Headers, magic1) == LENGTH2 as usize);
