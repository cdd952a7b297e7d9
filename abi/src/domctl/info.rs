//! What a domain is, and what its pages are.

use crate::arch_x86::ArchDomainConfig;
use crate::shape::{flags, numbers, record};
use crate::xen::DomainHandle;
use crate::{DomainId, GuestAddress};

/// [`GetDomainInfo::max_vcpu_id`] of a domain without virtual CPUs. Source: `public/domctl.h`.
#[doc(alias = "XEN_INVALID_MAX_VCPU_ID")]
pub const INVALID_MAX_VCPU_ID: u32 = u32::MAX;

record! {
    /// What a domain is: written by the hypervisor.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_getdomaininfo")]
    pub struct GetDomainInfo {
        /// Its number.
        pub domain: DomainId,
        #[doc(hidden)]
        pub _pad1: u16,
        /// Its state.
        pub flags: DomainFlags,
        /// Its pages.
        pub tot_pages: u64,
        /// Pages that it may have.
        pub max_pages: u64,
        /// Pages that are claimed for it.
        pub outstanding_pages: u64,
        /// Pages that it shares.
        pub shr_pages: u64,
        /// Pages that are paged out.
        pub paged_pages: u64,
        /// The frame of its shared page.
        pub shared_info_frame: u64,
        /// The time that it ran, in nanoseconds.
        pub cpu_time: u64,
        /// Virtual CPUs that are up.
        pub nr_online_vcpus: u32,
        /// Its highest virtual CPU, or [`INVALID_MAX_VCPU_ID`].
        pub max_vcpu_id: u32,
        /// Its security label.
        pub ssidref: u32,
        /// Its UUID.
        pub handle: DomainHandle,
        /// The pool of CPUs on which it runs.
        pub cpupool: u32,
        /// Bits of its physical addresses.
        pub gpaddr_bits: u8,
        #[doc(hidden)]
        pub _pad2: [u8; 7],
        /// x86's part.
        pub arch_config: ArchDomainConfig,
    }

    /// Asks what pages are.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_getpageframeinfo3")]
    pub struct GetPageFrameInfo3 {
        /// How many: at most 1024.
        pub num: u64,
        /// The list of frames, 8 bytes each, overwritten by [`PageFrameType`] in their low half.
        pub array: GuestAddress,
    }
}

flags! {
    /// The state of a domain. Bits 23..=16 are the reason of a shutdown:
    /// [`Self::shutdown_reason`].
    ///
    /// Source: `public/domctl.h`.
    pub struct DomainFlags: u32 {
        /// It is being taken down.
        DYING = 1 << 0 => "XEN_DOMINF_dying",
        /// It is HVM.
        HVM_GUEST = 1 << 1 => "XEN_DOMINF_hvm_guest",
        /// It ended.
        SHUTDOWN = 1 << 2 => "XEN_DOMINF_shutdown",
        /// A toolstack paused it.
        PAUSED = 1 << 3 => "XEN_DOMINF_paused",
        /// No virtual CPU wants to run.
        BLOCKED = 1 << 4 => "XEN_DOMINF_blocked",
        /// A virtual CPU runs.
        RUNNING = 1 << 5 => "XEN_DOMINF_running",
        /// A debugger is attached.
        DEBUGGED = 1 << 6 => "XEN_DOMINF_debugged",
        /// It runs the store.
        XS_DOMAIN = 1 << 7 => "XEN_DOMINF_xs_domain",
        /// It has nested paging.
        HAP = 1 << 8 => "XEN_DOMINF_hap",
    }
}

impl DomainFlags {
    /// How far the reason of a shutdown is shifted.
    #[doc(alias = "XEN_DOMINF_shutdownshift")]
    pub const SHUTDOWN_SHIFT: u32 = 16;
    /// The bits of the reason, before the shift.
    #[doc(alias = "XEN_DOMINF_shutdownmask")]
    pub const SHUTDOWN_MASK: u32 = 0xff;

    /// The reason of a shutdown: a [`ShutdownReason`](crate::sched::ShutdownReason).
    #[must_use]
    pub const fn shutdown_reason(self) -> u32 {
        self.bits() >> Self::SHUTDOWN_SHIFT & Self::SHUTDOWN_MASK
    }

    /// The same flags with the reason of a shutdown, of which the low 8 bits count.
    #[must_use]
    pub const fn with_shutdown_reason(self, reason: u32) -> Self {
        let others = self.bits() & !(Self::SHUTDOWN_MASK << Self::SHUTDOWN_SHIFT);
        Self::from_bits_retain(others | (reason & Self::SHUTDOWN_MASK) << Self::SHUTDOWN_SHIFT)
    }
}

numbers! {
    /// What a page is.
    ///
    /// Source: `public/domctl.h`.
    pub enum PageFrameType: u32 {
        /// No table.
        NoTable = 0 => "XEN_DOMCTL_PFINFO_NOTAB",
        /// An L1 table.
        L1Table = 0x1000_0000 => "XEN_DOMCTL_PFINFO_L1TAB",
        /// An L2 table.
        L2Table = 0x2000_0000 => "XEN_DOMCTL_PFINFO_L2TAB",
        /// An L3 table.
        L3Table = 0x3000_0000 => "XEN_DOMCTL_PFINFO_L3TAB",
        /// An L4 table.
        L4Table = 0x4000_0000 => "XEN_DOMCTL_PFINFO_L4TAB",
        /// Added to a table that is pinned.
        Pinned = 0x8000_0000 => "XEN_DOMCTL_PFINFO_LPINTAB",
        /// Broken.
        Broken = 0xd000_0000 => "XEN_DOMCTL_PFINFO_BROKEN",
        /// To be allocated, but not saved.
        AllocateOnly = 0xe000_0000 => "XEN_DOMCTL_PFINFO_XALLOC",
        /// Not the domain's.
        Invalid = 0xf000_0000 => "XEN_DOMCTL_PFINFO_XTAB",
    }
}
