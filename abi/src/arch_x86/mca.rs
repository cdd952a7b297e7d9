//! Machine checks, as far as PV Linux asks for them.
//!
//! Source: `public/arch-x86/xen-mca.h`.

use crate::GuestAddress;
use crate::shape::{flags, numbers, record};

/// What [`McaRequest::interface_version`] must be.
#[doc(alias = "XEN_MCA_INTERFACE_VERSION")]
pub const INTERFACE_VERSION: u32 = 0x01ec_c003;

numbers! {
    /// Subfunction of `mca`.
    pub enum McaOp: u32 {
        /// Takes what was recorded: [`McFetch`].
        Fetch = 1 => "XEN_MC_fetch",
        /// Tells a domain.
        NotifyDomain = 2 => "XEN_MC_notifydomain",
        /// Asks for the physical CPUs: [`McPhysCpuInfo`].
        PhysCpuInfo = 3 => "XEN_MC_physcpuinfo",
        /// Sets MSRs as a machine check would.
        MsrInject = 4 => "XEN_MC_msrinject",
        /// Raises a machine check.
        MceInject = 5 => "XEN_MC_mceinject",
        /// Raises a machine check on some CPUs.
        InjectV2 = 6 => "XEN_MC_inject_v2",
    }
}

flags! {
    /// Flags of an [`McFetch`]: first of the question, then of the answer.
    pub struct McFlags: u32 {
        /// Asks for, or acknowledges, what is not urgent. In an answer: it could not be read.
        NONURGENT = 1 => "XEN_MC_NONURGENT",
        /// Asks for, or acknowledges, what is urgent. In an answer: there is nothing.
        URGENT = 2 => "XEN_MC_URGENT",
        /// Acknowledges. In an answer: nothing has this id.
        ACK = 4 => "XEN_MC_ACK",
    }
}

impl McFlags {
    /// Answer: taken.
    #[doc(alias = "XEN_MC_OK")]
    pub const OK: Self = Self::from_bits_retain(0);
    /// Answer: it could not be read.
    #[doc(alias = "XEN_MC_FETCHFAILED")]
    pub const FETCH_FAILED: Self = Self::from_bits_retain(1);
    /// Answer: there is nothing.
    #[doc(alias = "XEN_MC_NODATA")]
    pub const NO_DATA: Self = Self::from_bits_retain(2);
    /// Answer: nothing has this id.
    #[doc(alias = "XEN_MC_NOMATCH")]
    pub const NO_MATCH: Self = Self::from_bits_retain(4);
}

record! {
    /// Argument of `mca`.
    #[doc(alias = "xen_mc")]
    pub struct McaRequest {
        /// A [`McaOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
        /// The union.
        #[doc(alias = "u")]
        pub body: [u64; 18],
    }

    /// Takes what was recorded.
    #[doc(alias = "xen_mc_fetch")]
    pub struct McFetch {
        /// What is asked; written by the hypervisor: how it went.
        pub flags: McFlags,
        #[doc(hidden)]
        pub _pad0: u32,
        /// Written by the hypervisor: by what it is acknowledged.
        pub fetch_id: u64,
        /// Where the record goes: 768 bytes.
        pub data: GuestAddress,
    }

    /// Asks for the physical CPUs.
    #[doc(alias = "xen_mc_physcpuinfo")]
    pub struct McPhysCpuInfo {
        /// CPUs of room; written by the hypervisor: how many there are.
        pub ncpus: u32,
        #[doc(hidden)]
        pub _pad0: u32,
        /// The list of [`McLogicalCpu`], or null to ask for their count.
        pub info: GuestAddress,
    }

    /// An MSR and its value.
    #[doc(alias = "mcinfo_msr")]
    pub struct McMsr {
        /// The MSR.
        pub reg: u64,
        /// Its value.
        pub value: u64,
    }

    /// A physical CPU. What the CPU's own manual names is not explained here.
    #[doc(alias = "mcinfo_logical_cpu")]
    #[expect(missing_docs, reason = "the names are the CPU's")]
    pub struct McLogicalCpu {
        pub mc_cpunr: u32,
        pub mc_chipid: u32,
        pub mc_coreid: u16,
        pub mc_threadid: u16,
        pub mc_apicid: u32,
        pub mc_clusterid: u32,
        pub mc_ncores: u32,
        pub mc_ncores_active: u32,
        pub mc_nthreads: u32,
        pub mc_cpuid_level: i32,
        pub mc_family: u32,
        pub mc_vendor: u32,
        pub mc_model: u32,
        pub mc_step: u32,
        pub mc_vendorid: [u8; 16],
        pub mc_brandid: [u8; 64],
        pub mc_cpu_caps: [u32; 7],
        pub mc_cache_size: u32,
        pub mc_cache_alignment: u32,
        pub mc_nmsrvals: i32,
        #[doc(hidden)]
        pub _padding: u32,
        pub mc_msrvalues: [McMsr; 8],
    }
}
