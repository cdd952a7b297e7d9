//! Copying from and to what another domain grants.

use crate::shape::{flags, record};
use crate::{DomainId, Pfn};

record! {
    /// One end of a copy.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_copy_ptr")]
    pub struct GrantCopyPointer {
        /// A grant reference or a frame number: [`Self::reference`], [`Self::frame`].
        #[doc(alias = "u")]
        pub page: u64,
        /// Whose page.
        pub domid: DomainId,
        /// First byte in the page.
        pub offset: u16,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// Copies a part of a page.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "gnttab_copy")]
    pub struct GrantCopy {
        /// From where.
        pub source: GrantCopyPointer,
        /// To where.
        pub dest: GrantCopyPointer,
        /// Bytes.
        pub len: u16,
        /// Which ends are references.
        pub flags: CopyFlags,
        /// Written by the hypervisor: a [`GrantStatus`](super::GrantStatus).
        pub status: i16,
        #[doc(hidden)]
        pub _padding: u16,
    }
}

flags! {
    /// Flags of a [`GrantCopy`].
    ///
    /// Source: `public/grant_table.h`.
    pub struct CopyFlags: u16 {
        /// The source is a reference.
        SOURCE_GREF = 1 << 0 => "GNTCOPY_source_gref",
        /// The destination is a reference.
        DEST_GREF = 1 << 1 => "GNTCOPY_dest_gref",
    }
}

impl GrantCopyPointer {
    /// The page as a grant reference; the upper half is ignored.
    #[must_use]
    pub const fn reference(&self) -> u32 {
        (self.page & 0xffff_ffff) as u32
    }

    /// The page as a frame number: of the machine in a PV guest.
    #[must_use]
    pub const fn frame(&self) -> Pfn {
        Pfn::new(self.page)
    }
}
