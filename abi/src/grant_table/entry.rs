//! Entries of a grant table, version 1.

use crate::DomainId;
use crate::shape::{flags, numbers, record};

record! {
    /// An entry of a grant table of version 1, which the guest writes and both sides update:
    /// the hypervisor reaches it by atomics.
    ///
    /// Source: `public/grant_table.h`.
    #[doc(alias = "grant_entry_v1")]
    pub struct GrantEntry {
        /// What is granted, and what use is made of it.
        pub flags: GrantEntryFlags,
        /// To whom.
        pub domid: DomainId,
        /// The frame.
        pub frame: u32,
    }
}

flags! {
    /// Flags of a [`GrantEntry`]; the two lowest bits are a number: [`Self::kind`].
    ///
    /// Source: `public/grant_table.h`.
    pub struct GrantEntryFlags: u16 {
        /// The bits of the [`GrantType`].
        TYPE_MASK = 3 => "GTF_type_mask",
        /// The grantee may only read. In a transfer: it is committed.
        READONLY = 1 << 2 => "GTF_readonly",
        /// Set by the hypervisor: the grantee has it mapped. In a transfer: it is complete.
        READING = 1 << 3 => "GTF_reading",
        /// Set by the hypervisor: the grantee has it mapped for writing.
        WRITING = 1 << 4 => "GTF_writing",
        /// The grantee's entry gets PWT.
        PWT = 1 << 5 => "GTF_PWT",
        /// The grantee's entry gets PCD.
        PCD = 1 << 6 => "GTF_PCD",
        /// The grantee's entry gets PAT.
        PAT = 1 << 7 => "GTF_PAT",
        /// Only a part of the page may be copied; version 2.
        SUB_PAGE = 1 << 8 => "GTF_sub_page",
    }
}

numbers! {
    /// What a [`GrantEntry`] grants.
    ///
    /// Source: `public/grant_table.h`.
    pub enum GrantType: u16 {
        /// Nothing.
        Invalid = 0 => "GTF_invalid",
        /// To map and copy.
        PermitAccess = 1 => "GTF_permit_access",
        /// To give a page.
        AcceptTransfer = 2 => "GTF_accept_transfer",
        /// What another domain's entry grants; version 2.
        Transitive = 3 => "GTF_transitive",
    }
}

impl GrantEntryFlags {
    /// What is granted.
    #[must_use]
    pub const fn kind(self) -> GrantType {
        match self.bits() & 3 {
            0 => GrantType::Invalid,
            1 => GrantType::PermitAccess,
            2 => GrantType::AcceptTransfer,
            _ => GrantType::Transitive,
        }
    }
}
