//! What is to be laid out.

use core::ops::Range;

use ringwall_abi::GuestAddress;

use crate::Kernel;

/// Whether a domain starts with rings to xenstore and console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rings {
    /// None: dom0.
    Absent,
    /// One page each: other domains.
    Present,
}

/// What is to be laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Virtual address of frame 0.
    pub virt_base: GuestAddress,
    /// Virtual address at which the first vCPU starts.
    pub entry: GuestAddress,
    /// Pseudo-physical addresses of the kernel, in bytes.
    pub kernel: Range<u64>,
    /// Where the kernel wants the p2m list, if not in the initial region.
    pub init_p2m: Option<GuestAddress>,
    /// Whether the kernel takes an initrd that is not mapped, by its frame number.
    pub mod_start_pfn: bool,
    /// Size of the initrd in bytes; 0 if there is none.
    pub initrd_size: u64,
    /// The domain's frames, all of them.
    pub pages: u64,
    /// Whether there are rings.
    pub rings: Rings,
}

impl Request {
    /// A domain of `pages` frames for the kernel, without initrd or rings.
    #[must_use]
    pub fn new(kernel: &Kernel<'_>, pages: u64) -> Self {
        let notes = kernel.notes();
        Self {
            virt_base: notes.virt_base,
            entry: notes.entry,
            kernel: kernel.extent(),
            init_p2m: notes.init_p2m,
            mod_start_pfn: notes.mod_start_pfn,
            initrd_size: 0,
            pages,
            rings: Rings::Absent,
        }
    }
}
