//! Elements of the initial address space.

use core::fmt;

use ringwall_abi::{GuestAddress, PAGE_SIZE, Pfn};

/// What a run of frames is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The kernel's segments, from the lowest byte to the highest.
    Kernel,
    /// The initial ram disk.
    Initrd,
    /// The list of the domain's machine frames.
    P2m,
    /// The `start_info` page; dom0's console description is in it too.
    StartInfo,
    /// The ring to xenstore; not in dom0.
    Xenstore,
    /// The ring to the console; not in dom0.
    Console,
    /// The page tables of the region, the root first.
    PageTables,
    /// The stack that the first vCPU starts with.
    Stack,
    /// The page tables that map a relocated [`Role::P2m`], apart from those of the region.
    P2mTables,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel => "kernel",
            Self::Initrd => "initrd",
            Self::P2m => "p2m list",
            Self::StartInfo => "start_info page",
            Self::Xenstore => "xenstore ring",
            Self::Console => "console ring",
            Self::PageTables => "page tables",
            Self::Stack => "stack",
            Self::P2mTables => "p2m page tables",
        })
    }
}

/// A run of frames with one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// What it is for.
    pub role: Role,
    /// Its first frame.
    pub first: Pfn,
    /// Its size in frames, at least 1.
    pub pages: u64,
    /// The virtual address of its first byte, or `None` where no initial mapping covers it.
    pub address: Option<GuestAddress>,
}

impl Element {
    /// The frame after the last one. Never wraps: a layout lies within the domain's frames.
    #[must_use]
    pub const fn end(&self) -> Pfn {
        Pfn::new(self.first.raw().saturating_add(self.pages))
    }

    /// The virtual address after the last byte, where the element is mapped.
    #[must_use]
    pub fn end_address(&self) -> Option<GuestAddress> {
        let bytes = self.pages.checked_mul(PAGE_SIZE as u64)?;
        self.address?.checked_add(bytes)
    }

    /// Whether the frame is one of the element's.
    #[must_use]
    pub const fn contains(&self, frame: Pfn) -> bool {
        self.first.raw() <= frame.raw() && frame.raw() < self.end().raw()
    }
}
