//! Operations on the machine.

use crate::shape::{numbers, record};

/// What [`SysctlRequest::interface_version`] must be: that of Xen 4.17.
/// Source: `public/sysctl.h`, as all of this file.
#[doc(alias = "XEN_SYSCTL_INTERFACE_VERSION")]
pub const INTERFACE_VERSION: u32 = 0x15;

record! {
    /// Argument of `sysctl`. Copy the [`SysctlHeader`] first, then the structure that belongs to
    /// its operation from [`Self::BODY_OFFSET`] on.
    #[doc(alias = "xen_sysctl")]
    pub struct SysctlRequest {
        /// A [`SysctlOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
        /// The union, of which each operation has a structure.
        #[doc(alias = "u")]
        pub body: [u64; 16],
    }

    /// How each [`SysctlRequest`] starts.
    pub struct SysctlHeader {
        /// A [`SysctlOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
    }
}

impl SysctlRequest {
    /// Where the operation's structure starts, in bytes.
    pub const BODY_OFFSET: usize = core::mem::offset_of!(Self, body);
}

numbers! {
    /// Subfunction of `sysctl`.
    pub enum SysctlOp: u32 {
        /// [`ReadConsole`](super::ReadConsole).
        ReadConsole = 1 => "XEN_SYSCTL_readconsole",
        /// Trace buffers.
        TbufOp = 2 => "XEN_SYSCTL_tbuf_op",
        /// [`PhysInfo`](super::PhysInfo).
        PhysInfo = 3 => "XEN_SYSCTL_physinfo",
        /// [`SchedId`](super::SchedId).
        SchedId = 4 => "XEN_SYSCTL_sched_id",
        /// Counters of the hypervisor.
        PerfcOp = 5 => "XEN_SYSCTL_perfc_op",
        /// [`GetDomainInfoList`](super::GetDomainInfoList).
        GetDomainInfoList = 6 => "XEN_SYSCTL_getdomaininfolist",
        /// [`DebugKeys`](super::DebugKeys).
        DebugKeys = 7 => "XEN_SYSCTL_debug_keys",
        /// [`GetCpuInfo`](super::GetCpuInfo).
        GetCpuInfo = 8 => "XEN_SYSCTL_getcpuinfo",
        /// [`AvailHeap`](super::AvailHeap).
        AvailHeap = 9 => "XEN_SYSCTL_availheap",
        /// Statistics of power management.
        GetPmstat = 10 => "XEN_SYSCTL_get_pmstat",
        /// Switches a physical CPU on or off.
        CpuHotplug = 11 => "XEN_SYSCTL_cpu_hotplug",
        /// Power management.
        PmOp = 12 => "XEN_SYSCTL_pm_op",
        /// Takes pages out of use.
        PageOfflineOp = 14 => "XEN_SYSCTL_page_offline_op",
        /// Statistics of locks.
        LockprofOp = 15 => "XEN_SYSCTL_lockprof_op",
        /// [`CpuTopologyInfo`](super::CpuTopologyInfo).
        CpuTopologyInfo = 16 => "XEN_SYSCTL_cputopoinfo",
        /// [`NumaInfo`](super::NumaInfo).
        NumaInfo = 17 => "XEN_SYSCTL_numainfo",
        /// [`CpupoolOp`](super::CpupoolOp).
        CpupoolOp = 18 => "XEN_SYSCTL_cpupool_op",
        /// Parameters of schedulers.
        SchedulerOp = 19 => "XEN_SYSCTL_scheduler_op",
        /// Test coverage.
        CoverageOp = 20 => "XEN_SYSCTL_coverage_op",
        /// Monitors caches.
        PsrCmtOp = 21 => "XEN_SYSCTL_psr_cmt_op",
        /// [`PciTopologyInfo`](super::PciTopologyInfo).
        PciTopologyInfo = 22 => "XEN_SYSCTL_pcitopoinfo",
        /// Allots caches.
        PsrAlloc = 23 => "XEN_SYSCTL_psr_alloc",
        /// How CPUID can be levelled: 4 bytes.
        GetCpuLevellingCaps = 25 => "XEN_SYSCTL_get_cpu_levelling_caps",
        /// What CPUs can do, as a bit map.
        GetCpuFeatureset = 26 => "XEN_SYSCTL_get_cpu_featureset",
        /// Live patches.
        LivepatchOp = 27 => "XEN_SYSCTL_livepatch_op",
        /// [`SysctlCpuPolicy`](super::SysctlCpuPolicy).
        GetCpuPolicy = 29 => "XEN_SYSCTL_get_cpu_policy",
    }
}
