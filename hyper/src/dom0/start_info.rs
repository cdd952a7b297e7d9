//! `start_info`: what a PV kernel is told at its start.

use ringwall_abi::xen::{StartFlags, StartInfo, VgaConsoleInfo, VgaTextMode3};
use ringwall_abi::{MachineAddress, PAGE_SHIFT};
use ringwall_image::StartInfoFields;
use zerocopy::IntoBytes;

use super::pages::Pages;
use crate::domain::Domain;

/// Writes the page at a pseudo-physical address.
pub(super) fn write(
    pages: &Pages,
    address: u64,
    domain: &Domain,
    fields: &StartInfoFields,
    command_line: &str,
) {
    let mut flags = StartFlags::PRIVILEGED | StartFlags::INITDOMAIN;
    if fields.mod_start_is_pfn {
        flags |= StartFlags::MOD_START_PFN;
    }
    let mut info = StartInfo {
        magic: StartInfo::MAGIC,
        nr_pages: fields.nr_pages,
        shared_info: MachineAddress::new(domain.shared_info().raw() << PAGE_SHIFT),
        flags,
        pt_base: fields.pt_base.raw(),
        nr_pt_frames: fields.nr_pt_frames,
        mfn_list: fields.mfn_list.raw(),
        mod_start: fields.mod_start,
        mod_len: fields.mod_len,
        first_p2m_pfn: fields.first_p2m_pfn,
        nr_p2m_frames: fields.nr_p2m_frames,
        ..Default::default()
    };
    // The last byte stays 0.
    for (slot, byte) in info
        .cmd_line
        .iter_mut()
        .zip(command_line.bytes().take(StartInfo::MAX_COMMAND_LINE - 1))
    {
        *slot = byte;
    }
    let console = VgaConsoleInfo::new_text_mode_3(VgaTextMode3 {
        font_height: 16,
        cursor_x: 0,
        cursor_y: 0,
        rows: 25,
        columns: 80,
    });
    let offset = size_of::<StartInfo>();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "both structures fit one page"
    )]
    info.set_dom0_console(offset as u32, size_of::<VgaConsoleInfo>() as u32);
    pages.write(address, info.as_bytes());
    pages.write(address + offset as u64, console.as_bytes());
}
