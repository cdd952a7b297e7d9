//! Multiboot 2 information, as GRUB gives it.
// UNSAFETY: hands the loader's structure to the parser by physical address.
#![expect(unsafe_code)]

use ::multiboot2::{BootInformation as Tags, BootInformationHeader};
use ringwall_abi::MachineAddress;

use super::info::{BootInformation, RegionKind, Text};
use crate::layout::DIRECT_MAP_START;

/// What the loader leaves in `eax`.
pub(super) const MAGIC: u32 = ::multiboot2::MAGIC;

/// Copies the information out.
///
/// # Safety
/// `information` is the physical address of a multiboot 2 information structure, and the boot
/// tables are in use.
pub(super) unsafe fn read(information: u32, result: &mut BootInformation) {
    let pointer = (DIRECT_MAP_START + u64::from(information)) as *const BootInformationHeader;
    // SAFETY: 1. the structure is there and mapped, as the caller promises; 2. nobody changes it.
    let Ok(tags) = (unsafe { Tags::load(pointer) }) else {
        return;
    };
    result.known = true;
    let text = |line: &str| Text::from_bytes(line.bytes());
    if let Some(Ok(line)) = tags.command_line_tag().map(|tag| tag.cmdline()) {
        result.command_line = text(line);
    }
    if let Some(Ok(name)) = tags.boot_loader_name_tag().map(|tag| tag.name()) {
        result.loader = text(name);
    }
    for module in tags.module_tags() {
        let line = module.cmdline().unwrap_or("");
        result.add_module(
            module.start_address().into(),
            module.end_address().into(),
            text(line),
        );
    }
    if let Some(map) = tags.memory_map_tag() {
        for area in map.memory_areas() {
            let kind = RegionKind::from_number(u32::from(area.typ()));
            result.add_region(area.start_address(), area.size(), kind);
        }
    }
    let rsdp = tags
        .rsdp_v2_tag()
        .map(|tag| core::ptr::from_ref(tag).cast::<u8>())
        .or_else(|| {
            tags.rsdp_v1_tag()
                .map(|tag| core::ptr::from_ref(tag).cast::<u8>())
        });
    // The root pointer's bytes follow the tag's type and size.
    result.rsdp = rsdp.map(|tag| MachineAddress::new(tag.addr() as u64 + 8 - DIRECT_MAP_START));
}
