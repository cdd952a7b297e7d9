//! Virtual CPUs, and a domain's small settings.

use crate::shape::{flags, record};
use crate::xen::{ControlBitmap, DomainHandle};
use crate::{GuestAddress, Mfn, VcpuId};

record! {
    /// Sets or gets the state of a virtual CPU.
    ///
    /// Source: `public/domctl.h`, as all of this file.
    #[doc(alias = "xen_domctl_vcpucontext")]
    pub struct VcpuContext {
        /// The virtual CPU.
        pub vcpu: VcpuId,
        #[doc(hidden)]
        pub _padding: u32,
        /// A [`VcpuGuestContext`](crate::arch_x86::VcpuGuestContext).
        pub ctxt: GuestAddress,
    }

    /// Asks what a virtual CPU does.
    #[doc(alias = "xen_domctl_getvcpuinfo")]
    pub struct GetVcpuInfo {
        /// The virtual CPU.
        pub vcpu: VcpuId,
        /// Written by the hypervisor: nonzero where it is up.
        pub online: u8,
        /// Written by the hypervisor: nonzero where it waits for an event.
        pub blocked: u8,
        /// Written by the hypervisor: nonzero where it runs.
        pub running: u8,
        #[doc(hidden)]
        pub _padding0: u8,
        /// Written by the hypervisor: the time that it ran, in nanoseconds.
        pub cpu_time: u64,
        /// Written by the hypervisor: its physical CPU.
        pub cpu: u32,
        #[doc(hidden)]
        pub _padding1: u32,
    }

    /// Sets or gets where a virtual CPU may run.
    #[doc(alias = "xen_domctl_vcpuaffinity")]
    pub struct VcpuAffinity {
        /// The virtual CPU.
        pub vcpu: VcpuId,
        /// Which of the two.
        pub flags: AffinityFlags,
        /// Where it may run.
        pub cpumap_hard: ControlBitmap,
        /// Where it had better run.
        pub cpumap_soft: ControlBitmap,
    }

    /// Sets or gets on which nodes a domain's memory had better lie.
    #[doc(alias = "xen_domctl_nodeaffinity")]
    pub struct NodeAffinity {
        /// The nodes.
        pub nodemap: ControlBitmap,
    }

    /// Sets a domain's UUID.
    #[doc(alias = "xen_domctl_setdomainhandle")]
    pub struct SetDomainHandle {
        /// The UUID.
        pub handle: DomainHandle,
    }

    /// Attaches or detaches a debugger.
    #[doc(alias = "xen_domctl_setdebugging")]
    pub struct SetDebugging {
        /// Nonzero to attach.
        pub enable: u8,
    }

    /// Fills in a hypercall page.
    #[doc(alias = "xen_domctl_hypercall_init")]
    pub struct HypercallInit {
        /// Its frame.
        pub gmfn: Mfn,
    }

    /// Sets the offset of a domain's wall clock.
    #[doc(alias = "xen_domctl_settimeoffset")]
    pub struct SetTimeOffset {
        /// Seconds.
        pub time_offset_seconds: i64,
    }

    /// Sets or gets the size of a domain's addresses.
    #[doc(alias = "xen_domctl_address_size")]
    pub struct AddressSize {
        /// 32 or 64 bits.
        pub size: u32,
    }

    /// Raises an NMI and the like.
    #[doc(alias = "xen_domctl_sendtrigger")]
    pub struct SendTrigger {
        /// 0: NMI; 1: reset; 2: INIT; 3: power button; 4: sleep button.
        #[doc(alias = "XEN_DOMCTL_SENDTRIGGER_NMI")]
        pub trigger: u32,
        /// The virtual CPU.
        pub vcpu: VcpuId,
    }

    /// Sets or gets how a domain sees the time-stamp counter.
    #[doc(alias = "xen_domctl_tsc_info")]
    pub struct TscInfo {
        /// 0: by need; 1: emulated; 2: native.
        pub tsc_mode: u32,
        /// The guest's frequency in kHz.
        pub gtsc_khz: u32,
        /// How often the domain was restored.
        pub incarnation: u32,
        #[doc(hidden)]
        pub _pad: u32,
        /// Nanoseconds since the domain was made.
        pub elapsed_nsec: u64,
    }

    /// Sets or gets what CPUID and MSRs tell a domain.
    #[doc(alias = "xen_domctl_cpu_policy")]
    pub struct CpuPolicy {
        /// Leaves of room, and in the answer leaves.
        pub nr_leaves: u32,
        /// MSRs of room, and in the answer MSRs.
        pub nr_msrs: u32,
        /// The list of [`CpuidLeaf`](crate::arch_x86::CpuidLeaf).
        pub leaves: GuestAddress,
        /// The list of [`MsrEntry`](crate::arch_x86::MsrEntry).
        pub msrs: GuestAddress,
        /// Written by the hypervisor: the leaf that is wrong, or all ones.
        pub err_leaf: u32,
        /// Written by the hypervisor: its subleaf, or all ones.
        pub err_subleaf: u32,
        /// Written by the hypervisor: the MSR that is wrong, or all ones.
        pub err_msr: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }
}

flags! {
    /// Flags of a [`VcpuAffinity`].
    pub struct AffinityFlags: u32 {
        /// `cpumap_hard` counts.
        HARD = 1 << 0 => "XEN_VCPUAFFINITY_HARD",
        /// `cpumap_soft` counts.
        SOFT = 1 << 1 => "XEN_VCPUAFFINITY_SOFT",
        /// A pin of the guest's own is undone.
        FORCE = 1 << 2 => "XEN_VCPUAFFINITY_FORCE",
    }
}
