//! Operations on a domain.

use crate::DomainId;
use crate::shape::{numbers, record};

/// What [`DomctlRequest::interface_version`] must be: that of Xen 4.17.
/// Source: `public/domctl.h`, as all of this file.
#[doc(alias = "XEN_DOMCTL_INTERFACE_VERSION")]
pub const INTERFACE_VERSION: u32 = 0x15;

record! {
    /// Argument of `domctl`. Copy the [`DomctlHeader`] first, then the structure that belongs to
    /// its operation from [`Self::BODY_OFFSET`] on.
    #[doc(alias = "xen_domctl")]
    pub struct DomctlRequest {
        /// A [`DomctlOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
        /// The domain.
        pub domain: DomainId,
        #[doc(hidden)]
        pub _pad: [u16; 3],
        /// The union, of which each operation has a structure.
        #[doc(alias = "u")]
        pub body: [u64; 16],
    }

    /// How each [`DomctlRequest`] starts.
    pub struct DomctlHeader {
        /// A [`DomctlOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
        /// The domain.
        pub domain: DomainId,
        #[doc(hidden)]
        pub _pad: [u16; 3],
    }
}

impl DomctlRequest {
    /// Where the operation's structure starts, in bytes.
    pub const BODY_OFFSET: usize = core::mem::offset_of!(Self, body);
}

numbers! {
    /// Subfunction of `domctl`.
    pub enum DomctlOp: u32 {
        /// Makes a domain: [`CreateDomain`](super::CreateDomain).
        CreateDomain = 1 => "XEN_DOMCTL_createdomain",
        /// Ends a domain and frees it.
        DestroyDomain = 2 => "XEN_DOMCTL_destroydomain",
        /// Pauses a domain; counted.
        PauseDomain = 3 => "XEN_DOMCTL_pausedomain",
        /// Undoes one pause.
        UnpauseDomain = 4 => "XEN_DOMCTL_unpausedomain",
        /// [`GetDomainInfo`](super::GetDomainInfo), of this domain or the next above.
        GetDomainInfo = 5 => "XEN_DOMCTL_getdomaininfo",
        /// [`VcpuAffinity`](super::VcpuAffinity).
        SetVcpuAffinity = 9 => "XEN_DOMCTL_setvcpuaffinity",
        /// Shadow tables and dirty logging.
        ShadowOp = 10 => "XEN_DOMCTL_shadow_op",
        /// [`MaxMem`](super::MaxMem).
        MaxMem = 11 => "XEN_DOMCTL_max_mem",
        /// [`VcpuContext`](super::VcpuContext).
        SetVcpuContext = 12 => "XEN_DOMCTL_setvcpucontext",
        /// [`VcpuContext`](super::VcpuContext).
        GetVcpuContext = 13 => "XEN_DOMCTL_getvcpucontext",
        /// [`GetVcpuInfo`](super::GetVcpuInfo).
        GetVcpuInfo = 14 => "XEN_DOMCTL_getvcpuinfo",
        /// [`MaxVcpus`](super::MaxVcpus).
        MaxVcpus = 15 => "XEN_DOMCTL_max_vcpus",
        /// [`SchedulerOp`](super::SchedulerOp).
        SchedulerOp = 16 => "XEN_DOMCTL_scheduler_op",
        /// [`SetDomainHandle`](super::SetDomainHandle).
        SetDomainHandle = 17 => "XEN_DOMCTL_setdomainhandle",
        /// [`SetDebugging`](super::SetDebugging).
        SetDebugging = 18 => "XEN_DOMCTL_setdebugging",
        /// [`IrqPermission`](super::IrqPermission).
        IrqPermission = 19 => "XEN_DOMCTL_irq_permission",
        /// [`IomemPermission`](super::IomemPermission).
        IomemPermission = 20 => "XEN_DOMCTL_iomem_permission",
        /// [`IoportPermission`](super::IoportPermission).
        IoportPermission = 21 => "XEN_DOMCTL_ioport_permission",
        /// [`HypercallInit`](super::HypercallInit).
        HypercallInit = 22 => "XEN_DOMCTL_hypercall_init",
        /// [`SetTimeOffset`](super::SetTimeOffset).
        SetTimeOffset = 24 => "XEN_DOMCTL_settimeoffset",
        /// [`VcpuAffinity`](super::VcpuAffinity).
        GetVcpuAffinity = 25 => "XEN_DOMCTL_getvcpuaffinity",
        /// No meaning on x86.
        RealModeArea = 26 => "XEN_DOMCTL_real_mode_area",
        /// Lets a suspended domain go on.
        ResumeDomain = 27 => "XEN_DOMCTL_resumedomain",
        /// [`SendTrigger`](super::SendTrigger).
        SendTrigger = 28 => "XEN_DOMCTL_sendtrigger",
        /// Sets the port that tells of the domain's suspension.
        Subscribe = 29 => "XEN_DOMCTL_subscribe",
        /// Reads the state of an HVM domain.
        Gethvmcontext = 33 => "XEN_DOMCTL_gethvmcontext",
        /// Writes the state of an HVM domain.
        Sethvmcontext = 34 => "XEN_DOMCTL_sethvmcontext",
        /// [`AddressSize`](super::AddressSize).
        SetAddressSize = 35 => "XEN_DOMCTL_set_address_size",
        /// [`AddressSize`](super::AddressSize).
        GetAddressSize = 36 => "XEN_DOMCTL_get_address_size",
        /// Gives a device.
        AssignDevice = 37 => "XEN_DOMCTL_assign_device",
        /// Passes an interrupt through to an HVM domain.
        BindPtIrq = 38 => "XEN_DOMCTL_bind_pt_irq",
        /// [`MemoryMapping`](super::MemoryMapping).
        MemoryMapping = 39 => "XEN_DOMCTL_memory_mapping",
        /// Maps ports into an HVM domain.
        IoportMapping = 40 => "XEN_DOMCTL_ioport_mapping",
        /// Writes more of a virtual CPU's state.
        SetExtVcpucontext = 42 => "XEN_DOMCTL_set_ext_vcpucontext",
        /// Reads more of a virtual CPU's state.
        GetExtVcpucontext = 43 => "XEN_DOMCTL_get_ext_vcpucontext",
        /// No meaning on x86.
        SetOptFeature = 44 => "XEN_DOMCTL_set_opt_feature",
        /// Asks whether a device can be given.
        TestAssignDevice = 45 => "XEN_DOMCTL_test_assign_device",
        /// Lets the domain act for another.
        SetTarget = 46 => "XEN_DOMCTL_set_target",
        /// Takes a device back.
        DeassignDevice = 47 => "XEN_DOMCTL_deassign_device",
        /// Undoes `BindPtIrq`.
        UnbindPtIrq = 48 => "XEN_DOMCTL_unbind_pt_irq",
        /// Asks for the devices that go together.
        GetDeviceGroup = 50 => "XEN_DOMCTL_get_device_group",
        /// Single-steps a virtual CPU.
        DebugOp = 54 => "XEN_DOMCTL_debug_op",
        /// Reads a part of the state of an HVM domain.
        GethvmcontextPartial = 55 => "XEN_DOMCTL_gethvmcontext_partial",
        /// Sets up rings of events.
        VmEventOp = 56 => "XEN_DOMCTL_vm_event_op",
        /// Switches memory sharing.
        MemSharingOp = 57 => "XEN_DOMCTL_mem_sharing_op",
        /// [`TscInfo`](super::TscInfo).
        GetTscInfo = 59 => "XEN_DOMCTL_gettscinfo",
        /// [`TscInfo`](super::TscInfo).
        SetTscInfo = 60 => "XEN_DOMCTL_settscinfo",
        /// [`GetPageFrameInfo3`](super::GetPageFrameInfo3).
        GetPageFrameInfo3 = 61 => "XEN_DOMCTL_getpageframeinfo3",
        /// Writes the XSAVE state of a virtual CPU.
        SetVcpuExtState = 62 => "XEN_DOMCTL_setvcpuextstate",
        /// Reads the XSAVE state of a virtual CPU.
        GetVcpuExtState = 63 => "XEN_DOMCTL_getvcpuextstate",
        /// Whether memory events need a listener.
        SetAccessRequired = 64 => "XEN_DOMCTL_set_access_required",
        /// Checks the p2m of an HVM domain.
        AuditP2m = 65 => "XEN_DOMCTL_audit_p2m",
        /// [`SetVirqHandler`](super::SetVirqHandler).
        SetVirqHandler = 66 => "XEN_DOMCTL_set_virq_handler",
        /// Marks a page as broken.
        SetBrokenPageP2m = 67 => "XEN_DOMCTL_set_broken_page_p2m",
        /// [`NodeAffinity`](super::NodeAffinity).
        SetNodeAffinity = 68 => "XEN_DOMCTL_setnodeaffinity",
        /// [`NodeAffinity`](super::NodeAffinity).
        GetNodeAffinity = 69 => "XEN_DOMCTL_getnodeaffinity",
        /// Flushes the caches of pages; ARM.
        CacheFlush = 71 => "XEN_DOMCTL_cacheflush",
        /// Reads MSRs of a virtual CPU.
        GetVcpuMsrs = 72 => "XEN_DOMCTL_get_vcpu_msrs",
        /// Writes MSRs of a virtual CPU.
        SetVcpuMsrs = 73 => "XEN_DOMCTL_set_vcpu_msrs",
        /// Sets the virtual nodes.
        SetVnumaInfo = 74 => "XEN_DOMCTL_setvnumainfo",
        /// Monitors caches.
        PsrCmtOp = 75 => "XEN_DOMCTL_psr_cmt_op",
        /// Monitors events.
        MonitorOp = 77 => "XEN_DOMCTL_monitor_op",
        /// Allots caches.
        PsrAlloc = 78 => "XEN_DOMCTL_psr_alloc",
        /// Starts a domain anew with its memory kept.
        SoftReset = 79 => "XEN_DOMCTL_soft_reset",
        /// A virtual UART; ARM.
        VuartOp = 81 => "XEN_DOMCTL_vuart_op",
        /// [`CpuPolicy`](super::CpuPolicy).
        GetCpuPolicy = 82 => "XEN_DOMCTL_get_cpu_policy",
        /// [`CpuPolicy`](super::CpuPolicy).
        SetCpuPolicy = 83 => "XEN_DOMCTL_set_cpu_policy",
        /// Traces a virtual CPU.
        VmtraceOp = 84 => "XEN_DOMCTL_vmtrace_op",
        /// Asks for the memory kept for paging structures.
        GetPagingMempoolSize = 85 => "XEN_DOMCTL_get_paging_mempool_size",
        /// Sets the memory kept for paging structures.
        SetPagingMempoolSize = 86 => "XEN_DOMCTL_set_paging_mempool_size",
        /// A debugger reads or writes memory.
        GdbsxGuestMemio = 1000 => "XEN_DOMCTL_gdbsx_guestmemio",
        /// A debugger pauses a virtual CPU.
        GdbsxPausevcpu = 1001 => "XEN_DOMCTL_gdbsx_pausevcpu",
        /// A debugger lets a virtual CPU go on.
        GdbsxUnpausevcpu = 1002 => "XEN_DOMCTL_gdbsx_unpausevcpu",
        /// A debugger asks for the domain's state.
        GdbsxDomstatus = 1003 => "XEN_DOMCTL_gdbsx_domstatus",
    }
}
