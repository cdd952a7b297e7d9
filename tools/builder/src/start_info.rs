//! `start_info`: what the kernel is told at its start.

use ringwall_abi::xen::{StartFlags, StartInfo};
use ringwall_abi::{MachineAddress, Mfn, PAGE_SHIFT};
use ringwall_image::StartInfoFields;

use crate::Ring;

/// The page's content.
pub(crate) fn make(
    fields: &StartInfoFields,
    shared_info: Mfn,
    console: Ring,
    store: Ring,
    command_line: &str,
) -> StartInfo {
    let mut info = StartInfo {
        magic: StartInfo::MAGIC,
        nr_pages: fields.nr_pages,
        shared_info: MachineAddress::new(shared_info.raw() << PAGE_SHIFT),
        flags: match fields.mod_start_is_pfn {
            true => StartFlags::MOD_START_PFN,
            false => StartFlags::empty(),
        },
        store_mfn: store.frame,
        store_evtchn: store.port,
        pt_base: fields.pt_base.raw(),
        nr_pt_frames: fields.nr_pt_frames,
        mfn_list: fields.mfn_list.raw(),
        mod_start: fields.mod_start,
        mod_len: fields.mod_len,
        first_p2m_pfn: fields.first_p2m_pfn,
        nr_p2m_frames: fields.nr_p2m_frames,
        ..StartInfo::default()
    };
    info.set_domu_console(console.frame, console.port);
    // The last byte stays 0: the plan has checked that the line is shorter.
    for (slot, byte) in info.cmd_line.iter_mut().zip(command_line.bytes()) {
        *slot = byte;
    }
    info
}
