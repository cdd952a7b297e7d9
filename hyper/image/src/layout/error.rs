//! Why a domain can't be laid out.

use core::fmt;

use ringwall_abi::GuestAddress;

use super::Role;

/// Why [`Layout::new`](super::Layout::new) refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// The frames do not suffice. All figures are in pages of 4 KiB.
    TooLittleMemory {
        /// What the domain has.
        available: u64,
        /// What it takes: the sum of the figures below, with the gap below the kernel,
        /// alignment and padding.
        needed: u64,
        /// From frame 0 to the end of the kernel.
        kernel: u64,
        /// The initrd.
        initrd: u64,
        /// The p2m list.
        p2m: u64,
        /// All page tables.
        tables: u64,
    },
    /// An address range that is not canonical, that wraps, or that reaches into the hypervisor's
    /// own part of the address space.
    Unmappable {
        /// What was to be mapped there.
        role: Role,
        /// The first address.
        start: GuestAddress,
        /// The size in bytes.
        size: u64,
    },
    /// The address is not at the start of a page.
    Misaligned {
        /// What was to be mapped there.
        role: Role,
        /// The address.
        address: GuestAddress,
    },
    /// The relocated p2m list lies within the initial region.
    Overlap {
        /// Where the p2m list was to be.
        p2m: GuestAddress,
        /// The start of the region.
        start: GuestAddress,
        /// The end of the region, exclusive.
        end: GuestAddress,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooLittleMemory {
                available,
                needed,
                kernel,
                initrd,
                p2m,
                tables,
            } => write!(
                f,
                "the domain has {available} pages but needs {needed} to start (kernel {kernel}, \
                 initrd {initrd}, p2m list {p2m}, page tables {tables}, the rest alignment): give \
                 it more memory or a smaller initrd"
            ),
            Self::Unmappable { role, start, size } => write!(
                f,
                "the {role} can't be mapped at {start:#x} ({size:#x} bytes): the range wraps, is \
                 not canonical or belongs to the hypervisor; use a kernel built for PV"
            ),
            Self::Misaligned { role, address } => write!(
                f,
                "the {role} can't be mapped at {address:#x}, which is not at the start of a page: \
                 use a kernel built for PV"
            ),
            Self::Overlap { p2m, start, end } => write!(
                f,
                "the kernel wants its p2m list at {p2m:#x}, within its own image and boot data \
                 ({start:#x}-{end:#x}): use a kernel built for PV"
            ),
        }
    }
}

impl core::error::Error for LayoutError {}
