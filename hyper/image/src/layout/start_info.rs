//! The layout as `start_info` tells it.

use ringwall_abi::GuestAddress;

/// What the layout decides of `start_info`, in that structure's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartInfoFields {
    /// The domain's frames.
    pub nr_pages: u64,
    /// Virtual address of the root page table.
    pub pt_base: GuestAddress,
    /// Page tables of the region, in frames.
    pub nr_pt_frames: u64,
    /// Virtual address of the p2m list.
    pub mfn_list: GuestAddress,
    /// Virtual address of the initrd, or its first frame's number if `mod_start_is_pfn`;
    /// 0 if there is none.
    pub mod_start: u64,
    /// Whether `SIF_MOD_START_PFN` belongs into the flags.
    pub mod_start_is_pfn: bool,
    /// Size of the initrd in bytes.
    pub mod_len: u64,
    /// The first frame of a relocated p2m list, else 0.
    pub first_p2m_pfn: u64,
    /// Frames of a relocated p2m list with its page tables, else 0.
    pub nr_p2m_frames: u64,
}
