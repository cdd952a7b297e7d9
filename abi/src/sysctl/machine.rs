//! The machine, its console and its domains.

use crate::shape::{flags, record};
use crate::{DomainId, GuestAddress};

record! {
    /// Reads the console ring.
    ///
    /// Source: `public/sysctl.h`, as all of this file.
    #[doc(alias = "xen_sysctl_readconsole")]
    pub struct ReadConsole {
        /// Nonzero to empty the ring.
        pub clear: u8,
        /// Nonzero to start at `index`.
        pub incremental: u8,
        #[doc(hidden)]
        pub _pad: [u8; 2],
        /// Where to start; written by the hypervisor: where it ended.
        pub index: u32,
        /// Where the bytes go.
        pub buffer: GuestAddress,
        /// Bytes of room; written by the hypervisor.
        pub count: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// What the machine is: written by the hypervisor.
    #[doc(alias = "xen_sysctl_physinfo")]
    pub struct PhysInfo {
        /// Threads of a core.
        pub threads_per_core: u32,
        /// Cores of a socket.
        pub cores_per_socket: u32,
        /// CPUs that are on.
        pub nr_cpus: u32,
        /// The highest CPU.
        pub max_cpu_id: u32,
        /// Nodes.
        pub nr_nodes: u32,
        /// The highest node.
        pub max_node_id: u32,
        /// The CPUs' frequency in kHz.
        pub cpu_khz: u32,
        /// What the hypervisor can do.
        pub capabilities: PhysCapabilities,
        /// What it can do of the architecture's: 0.
        pub arch_capabilities: u32,
        #[doc(hidden)]
        pub _pad: u32,
        /// Pages of RAM.
        pub total_pages: u64,
        /// Pages that are free.
        pub free_pages: u64,
        /// Free pages that are yet to be scrubbed.
        pub scrub_pages: u64,
        /// Pages that are claimed.
        pub outstanding_pages: u64,
        /// The highest frame.
        pub max_mfn: u64,
        /// Words of CPUID.
        pub hw_cap: [u32; 8],
    }

    /// Asks for the scheduler.
    #[doc(alias = "xen_sysctl_sched_id")]
    pub struct SchedId {
        /// Written by the hypervisor: a [`SchedulerId`](crate::domctl::SchedulerId).
        pub sched_id: u32,
    }

    /// Asks for several domains.
    #[doc(alias = "xen_sysctl_getdomaininfolist")]
    pub struct GetDomainInfoList {
        /// The first, or the next above.
        pub first_domain: DomainId,
        #[doc(hidden)]
        pub _padding0: u16,
        /// Domains of room.
        pub max_domains: u32,
        /// The list of [`GetDomainInfo`](crate::domctl::GetDomainInfo).
        pub buffer: GuestAddress,
        /// Written by the hypervisor: how many were written.
        pub num_domains: u32,
        #[doc(hidden)]
        pub _padding1: u32,
    }

    /// Acts as if keys were pressed on the console.
    #[doc(alias = "xen_sysctl_debug_keys")]
    pub struct DebugKeys {
        /// The keys.
        pub keys: GuestAddress,
        /// How many.
        pub nr_keys: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// How long a physical CPU was idle.
    #[doc(alias = "xen_sysctl_cpuinfo")]
    pub struct CpuInfo {
        /// Nanoseconds.
        pub idletime: u64,
    }

    /// Asks how long the physical CPUs were idle.
    #[doc(alias = "xen_sysctl_getcpuinfo")]
    pub struct GetCpuInfo {
        /// CPUs of room.
        pub max_cpus: u32,
        #[doc(hidden)]
        pub _padding0: u32,
        /// The list of [`CpuInfo`].
        pub info: GuestAddress,
        /// Written by the hypervisor: how many were written.
        pub nr_cpus: u32,
        #[doc(hidden)]
        pub _padding1: u32,
    }

    /// Asks for memory that is free.
    #[doc(alias = "xen_sysctl_availheap")]
    pub struct AvailHeap {
        /// Bits that its address needs at least; 0 for any.
        pub min_bitwidth: u32,
        /// Bits that its address needs at most; 0 for any.
        pub max_bitwidth: u32,
        /// Its node; -1 for any.
        pub node: i32,
        #[doc(hidden)]
        pub _padding: u32,
        /// Written by the hypervisor: bytes.
        pub avail_bytes: u64,
    }
}

flags! {
    /// What the hypervisor can do.
    pub struct PhysCapabilities: u32 {
        /// HVM domains.
        HVM = 1 << 0 => "XEN_SYSCTL_PHYSCAP_hvm",
        /// PV domains.
        PV = 1 << 1 => "XEN_SYSCTL_PHYSCAP_pv",
        /// Devices behind an IOMMU.
        DIRECTIO = 1 << 2 => "XEN_SYSCTL_PHYSCAP_directio",
        /// Nested paging.
        HAP = 1 << 3 => "XEN_SYSCTL_PHYSCAP_hap",
        /// Shadow tables.
        SHADOW = 1 << 4 => "XEN_SYSCTL_PHYSCAP_shadow",
        /// IOMMU and nested paging share tables.
        IOMMU_HAP_PT_SHARE = 1 << 5 => "XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share",
        /// Traces of virtual CPUs.
        VMTRACE = 1 << 6 => "XEN_SYSCTL_PHYSCAP_vmtrace",
        /// Performance counters for domains.
        VPMU = 1 << 7 => "XEN_SYSCTL_PHYSCAP_vpmu",
        /// Grant tables of version 1.
        GNTTAB_V1 = 1 << 8 => "XEN_SYSCTL_PHYSCAP_gnttab_v1",
        /// Grant tables of version 2.
        GNTTAB_V2 = 1 << 9 => "XEN_SYSCTL_PHYSCAP_gnttab_v2",
    }
}
