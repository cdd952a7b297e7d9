//! Making a domain.

use crate::arch_x86::ArchDomainConfig;
use crate::shape::{flags, record};
use crate::xen::DomainHandle;

/// The bits of [`CreateDomain::grant_opts`] that are the highest version of grant tables.
#[doc(alias = "XEN_DOMCTL_GRANT_version_mask")]
pub const GRANT_VERSION_MASK: u32 = 0xf;

record! {
    /// Makes a domain.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_createdomain")]
    pub struct CreateDomain {
        /// Its security label.
        pub ssidref: u32,
        /// Its UUID.
        pub handle: DomainHandle,
        /// What kind it is.
        pub flags: CreateFlags,
        /// How the IOMMU is used.
        pub iommu_opts: u32,
        /// Virtual CPUs that it may have.
        pub max_vcpus: u32,
        /// Its highest port.
        pub max_evtchn_port: u32,
        /// Frames of its grant table; negative for the default.
        pub max_grant_frames: i32,
        /// Frames of its table of mappings; negative for the default.
        pub max_maptrack_frames: i32,
        /// Options of grant tables.
        pub grant_opts: u32,
        /// Bytes of a trace buffer of each virtual CPU.
        pub vmtrace_size: u32,
        /// The pool of CPUs on which it runs.
        pub cpupool_id: u32,
        /// x86's part.
        pub arch: ArchDomainConfig,
    }

    /// Sets how much memory a domain may have.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_max_mem")]
    pub struct MaxMem {
        /// KiB.
        pub max_memkb: u64,
    }

    /// Makes the virtual CPUs.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_max_vcpus")]
    pub struct MaxVcpus {
        /// How many.
        pub max: u32,
    }
}

flags! {
    /// What kind of domain is made.
    ///
    /// Source: `public/domctl.h`.
    pub struct CreateFlags: u32 {
        /// HVM, not PV.
        HVM = 1 << 0 => "XEN_DOMCTL_CDF_hvm",
        /// With nested paging.
        HAP = 1 << 1 => "XEN_DOMCTL_CDF_hap",
        /// Its memory is checked across sleep.
        S3_INTEGRITY = 1 << 2 => "XEN_DOMCTL_CDF_s3_integrity",
        /// Shadow tables are never out of sync.
        OOS_OFF = 1 << 3 => "XEN_DOMCTL_CDF_oos_off",
        /// It runs the store.
        XS_DOMAIN = 1 << 4 => "XEN_DOMCTL_CDF_xs_domain",
        /// It may get devices behind an IOMMU.
        IOMMU = 1 << 5 => "XEN_DOMCTL_CDF_iommu",
        /// It may run HVM domains of its own.
        NESTED_VIRT = 1 << 6 => "XEN_DOMCTL_CDF_nested_virt",
        /// It has performance counters.
        VPMU = 1 << 7 => "XEN_DOMCTL_CDF_vpmu",
    }
}
