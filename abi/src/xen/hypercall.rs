//! Hypercalls: their numbers, and the multicall entry.

use crate::shape::{numbers, record};

/// Bytes of the hypercall page that belong to each number: the stub of hypercall `n` starts at
/// `n * 32`. Source: `public/arch-x86/xen-x86_64.h`.
pub const HYPERCALL_PAGE_ENTRY_SIZE: usize = 32;

numbers! {
    /// A hypercall's number, which the guest puts in `rax`.
    ///
    /// Source: `public/xen.h`.
    pub enum Hypercall: u32 {
        /// Sets handlers of exceptions and soft interrupts.
        SetTrapTable = 0 => "__HYPERVISOR_set_trap_table",
        /// Writes page-table or machine-to-physical entries.
        MmuUpdate = 1 => "__HYPERVISOR_mmu_update",
        /// Sets the frames of the GDT.
        SetGdt = 2 => "__HYPERVISOR_set_gdt",
        /// Sets the kernel's stack.
        StackSwitch = 3 => "__HYPERVISOR_stack_switch",
        /// Sets the event, failsafe and syscall entry points; older form of `CallbackOp`.
        SetCallbacks = 4 => "__HYPERVISOR_set_callbacks",
        /// Sets or clears CR0.TS.
        FpuTaskswitch = 5 => "__HYPERVISOR_fpu_taskswitch",
        /// Yield, block or shutdown in the form of Xen 3.0.
        SchedOpCompat = 6 => "__HYPERVISOR_sched_op_compat",
        /// What the privileged domain asks of the platform.
        PlatformOp = 7 => "__HYPERVISOR_platform_op",
        /// Writes a debug register.
        SetDebugreg = 8 => "__HYPERVISOR_set_debugreg",
        /// Reads a debug register.
        GetDebugreg = 9 => "__HYPERVISOR_get_debugreg",
        /// Writes one descriptor.
        UpdateDescriptor = 10 => "__HYPERVISOR_update_descriptor",
        /// Memory reservations and maps.
        MemoryOp = 12 => "__HYPERVISOR_memory_op",
        /// Several hypercalls in one.
        Multicall = 13 => "__HYPERVISOR_multicall",
        /// Writes the leaf entry that maps an address, and flushes.
        UpdateVaMapping = 14 => "__HYPERVISOR_update_va_mapping",
        /// Sets the one-shot timer.
        SetTimerOp = 15 => "__HYPERVISOR_set_timer_op",
        /// Event channels in the form of Xen 3.0.
        EventChannelOpCompat = 16 => "__HYPERVISOR_event_channel_op_compat",
        /// Version and features.
        XenVersion = 17 => "__HYPERVISOR_xen_version",
        /// The hypervisor's console.
        ConsoleIo = 18 => "__HYPERVISOR_console_io",
        /// Physical devices in the form of Xen 3.0.
        PhysdevOpCompat = 19 => "__HYPERVISOR_physdev_op_compat",
        /// Grant tables.
        GrantTableOp = 20 => "__HYPERVISOR_grant_table_op",
        /// Switches an assistance on or off.
        VmAssist = 21 => "__HYPERVISOR_vm_assist",
        /// `UpdateVaMapping` with a frame of another domain.
        UpdateVaMappingOtherdomain = 22 => "__HYPERVISOR_update_va_mapping_otherdomain",
        /// Returns from an exception or to user mode.
        Iret = 23 => "__HYPERVISOR_iret",
        /// Virtual CPUs.
        VcpuOp = 24 => "__HYPERVISOR_vcpu_op",
        /// Sets FS or GS base, or the user's GS selector.
        SetSegmentBase = 25 => "__HYPERVISOR_set_segment_base",
        /// Pins tables, changes roots, flushes.
        MmuextOp = 26 => "__HYPERVISOR_mmuext_op",
        /// Security modules.
        XsmOp = 27 => "__HYPERVISOR_xsm_op",
        /// The handler of NMIs.
        NmiOp = 28 => "__HYPERVISOR_nmi_op",
        /// Yield, block, shutdown, poll.
        SchedOp = 29 => "__HYPERVISOR_sched_op",
        /// Entry points.
        CallbackOp = 30 => "__HYPERVISOR_callback_op",
        /// Profiling.
        XenoprofOp = 31 => "__HYPERVISOR_xenoprof_op",
        /// Event channels.
        EventChannelOp = 32 => "__HYPERVISOR_event_channel_op",
        /// Physical devices and interrupts.
        PhysdevOp = 33 => "__HYPERVISOR_physdev_op",
        /// Fully virtualized guests.
        HvmOp = 34 => "__HYPERVISOR_hvm_op",
        /// The toolstack asks of the machine.
        Sysctl = 35 => "__HYPERVISOR_sysctl",
        /// The toolstack asks of a domain.
        Domctl = 36 => "__HYPERVISOR_domctl",
        /// Crash kernels.
        KexecOp = 37 => "__HYPERVISOR_kexec_op",
        /// Transcendent memory; gone since Xen 4.12.
        TmemOp = 38 => "__HYPERVISOR_tmem_op",
        /// Argo messages.
        ArgoOp = 39 => "__HYPERVISOR_argo_op",
        /// Performance counters.
        XenpmuOp = 40 => "__HYPERVISOR_xenpmu_op",
        /// Device models.
        DmOp = 41 => "__HYPERVISOR_dm_op",
        /// The hypervisor's file system.
        HypfsOp = 42 => "__HYPERVISOR_hypfs_op",
        /// Machine checks, on x86.
        Mca = 48 => "__HYPERVISOR_arch_0",
        /// The architecture's second number, without a meaning on x86: [Ringwall's own](crate::ringwall).
        Arch1 = 49 => "__HYPERVISOR_arch_1",
        /// The architecture's third number; no meaning on x86.
        Arch2 = 50 => "__HYPERVISOR_arch_2",
        /// The architecture's fourth number; no meaning on x86.
        Arch3 = 51 => "__HYPERVISOR_arch_3",
        /// The architecture's fifth number; no meaning on x86.
        Arch4 = 52 => "__HYPERVISOR_arch_4",
        /// The architecture's sixth number; no meaning on x86.
        Arch5 = 53 => "__HYPERVISOR_arch_5",
        /// The architecture's seventh number; no meaning on x86.
        Arch6 = 54 => "__HYPERVISOR_arch_6",
        /// The architecture's eighth number; no meaning on x86.
        Arch7 = 55 => "__HYPERVISOR_arch_7",
    }
}

record! {
    /// One call of a multicall.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "multicall_entry")]
    pub struct MulticallEntry {
        /// The hypercall's number.
        pub op: u64,
        /// Written by the hypervisor: the value that `rax` would carry.
        pub result: u64,
        /// The arguments, from the first.
        pub args: [u64; 6],
    }
}
