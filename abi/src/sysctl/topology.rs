//! CPUs, nodes and pools.

use crate::GuestAddress;
use crate::shape::{numbers, record};
use crate::xen::ControlBitmap;

/// A core, socket, node, size or distance that is not known.
/// Source: `public/sysctl.h`, as all of this file.
#[doc(alias = "XEN_INVALID_CORE_ID")]
#[doc(alias = "XEN_INVALID_SOCKET_ID")]
#[doc(alias = "XEN_INVALID_NODE_ID")]
#[doc(alias = "XEN_INVALID_MEM_SZ")]
#[doc(alias = "XEN_INVALID_NODE_DIST")]
pub const INVALID_ID: u32 = u32::MAX;

record! {
    /// Where a CPU is.
    #[doc(alias = "xen_sysctl_cputopo")]
    pub struct CpuTopology {
        /// Its core, or [`INVALID_ID`].
        pub core: u32,
        /// Its socket, or [`INVALID_ID`].
        pub socket: u32,
        /// Its node, or [`INVALID_ID`].
        pub node: u32,
    }

    /// Asks where the CPUs are.
    #[doc(alias = "xen_sysctl_cputopoinfo")]
    pub struct CpuTopologyInfo {
        /// CPUs of room; written by the hypervisor: how many there are.
        pub num_cpus: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// The list of [`CpuTopology`], or null to ask for their count.
        pub cputopo: GuestAddress,
    }

    /// A node's memory.
    #[doc(alias = "xen_sysctl_meminfo")]
    pub struct MemoryInfo {
        /// Bytes.
        pub memsize: u64,
        /// Bytes that are free.
        pub memfree: u64,
    }

    /// Asks for the nodes.
    #[doc(alias = "xen_sysctl_numainfo")]
    pub struct NumaInfo {
        /// Nodes of room; written by the hypervisor: how many there are.
        pub num_nodes: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// The list of [`MemoryInfo`], or null.
        pub meminfo: GuestAddress,
        /// The matrix of distances, 4 bytes each, or null.
        pub distance: GuestAddress,
    }

    /// Asks on which nodes PCI devices are.
    #[doc(alias = "xen_sysctl_pcitopoinfo")]
    pub struct PciTopologyInfo {
        /// Devices; written by the hypervisor: how many were done.
        pub num_devs: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// The list of [`PciDevice`](crate::physdev::PciDevice).
        pub devs: GuestAddress,
        /// The list of nodes, 4 bytes each.
        pub nodes: GuestAddress,
    }

    /// Acts on a pool of CPUs.
    #[doc(alias = "xen_sysctl_cpupool_op")]
    pub struct CpupoolOp {
        /// A [`CpupoolCommand`].
        pub op: u32,
        /// The pool, or all ones for any.
        pub cpupool_id: u32,
        /// Its [`SchedulerId`](crate::domctl::SchedulerId).
        pub sched_id: u32,
        /// A domain to move.
        pub domid: u32,
        /// A CPU to add or remove, or all ones for any.
        pub cpu: u32,
        /// Written by the hypervisor: domains in the pool.
        pub n_dom: u32,
        /// Written by the hypervisor: its CPUs.
        pub cpumap: ControlBitmap,
    }

    /// Asks for a CPU policy of the machine.
    #[doc(alias = "xen_sysctl_cpu_policy")]
    pub struct SysctlCpuPolicy {
        /// 0: the CPU's own; 1: the hypervisor's; 2 and 4: the most and the usual of PV domains;
        /// 3 and 5: of HVM domains.
        #[doc(alias = "XEN_SYSCTL_cpu_policy_pv_max")]
        pub index: u32,
        /// Leaves of room, and in the answer leaves.
        pub nr_leaves: u32,
        /// MSRs of room, and in the answer MSRs.
        pub nr_msrs: u32,
        #[doc(hidden)]
        pub _rsvd: u32,
        /// The list of [`CpuidLeaf`](crate::arch_x86::CpuidLeaf).
        pub leaves: GuestAddress,
        /// The list of [`MsrEntry`](crate::arch_x86::MsrEntry).
        pub msrs: GuestAddress,
    }
}

numbers! {
    /// What a [`CpupoolOp`] does.
    pub enum CpupoolCommand: u32 {
        /// Makes a pool.
        Create = 1 => "XEN_SYSCTL_CPUPOOL_OP_CREATE",
        /// Removes a pool.
        Destroy = 2 => "XEN_SYSCTL_CPUPOOL_OP_DESTROY",
        /// Asks for a pool.
        Info = 3 => "XEN_SYSCTL_CPUPOOL_OP_INFO",
        /// Adds a CPU.
        AddCpu = 4 => "XEN_SYSCTL_CPUPOOL_OP_ADDCPU",
        /// Removes a CPU.
        RemoveCpu = 5 => "XEN_SYSCTL_CPUPOOL_OP_RMCPU",
        /// Moves a domain to a pool.
        MoveDomain = 6 => "XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN",
        /// Asks for CPUs in no pool.
        FreeInfo = 7 => "XEN_SYSCTL_CPUPOOL_OP_FREEINFO",
    }
}
