//! In which ring a guest's kernel runs, and with which selectors.

use ringwall_abi::arch_x86::{FLAT_RING3_CS64, FLAT_RING3_SS64};

/// The rings of a guest. There is one layout: kernel and user both in ring 3, with a root table each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RingLayout;

impl RingLayout {
    /// The code selector with which the kernel's handlers start.
    pub(crate) const fn kernel_cs(self) -> u64 {
        FLAT_RING3_CS64 as u64
    }

    /// The stack selector with which the kernel's handlers start.
    pub(crate) const fn kernel_ss(self) -> u64 {
        FLAT_RING3_SS64 as u64
    }

    /// The code selector of interrupted kernel code, as its frame shows it: with ring 0.
    pub(crate) const fn shown_kernel_cs(self, cs: u64) -> u64 {
        cs & 0xfffc
    }

    /// Whether a frame's code selector means user mode.
    pub(crate) const fn is_user(self, cs: u64) -> bool {
        cs & 3 == 3
    }

    /// The lowest DPL that lets the kernel raise a vector by `int`.
    pub(crate) const fn kernel_dpl(self) -> u8 {
        1
    }
}
