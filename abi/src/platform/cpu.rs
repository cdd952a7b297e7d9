//! Physical CPUs, and what is close to them.

use crate::GuestAddress;
use crate::shape::{flags, record};

record! {
    /// Asks for a physical CPU's state.
    ///
    /// Source: `public/platform.h`, as all of this file.
    #[doc(alias = "xenpf_pcpuinfo")]
    pub struct PcpuInfo {
        /// The CPU.
        pub xen_cpuid: u32,
        /// Written by the hypervisor: the highest that is present.
        pub max_present: u32,
        /// Written by the hypervisor.
        pub flags: PcpuFlags,
        /// Written by the hypervisor.
        pub apic_id: u32,
        /// Written by the hypervisor.
        pub acpi_id: u32,
    }

    /// Asks for a physical CPU's model.
    #[doc(alias = "xenpf_pcpu_version")]
    pub struct PcpuVersion {
        /// The CPU.
        pub xen_cpuid: u32,
        /// Written by the hypervisor: the highest that is present.
        pub max_present: u32,
        /// Written by the hypervisor.
        pub vendor_id: [u8; 12],
        /// Written by the hypervisor.
        pub family: u32,
        /// Written by the hypervisor.
        pub model: u32,
        /// Written by the hypervisor.
        pub stepping: u32,
    }

    /// Switches a physical CPU on or off.
    #[doc(alias = "xenpf_cpu_ol")]
    pub struct CpuOnline {
        /// The CPU.
        pub cpuid: u32,
    }

    /// A physical CPU was plugged in.
    #[doc(alias = "xenpf_cpu_hotadd")]
    pub struct CpuHotadd {
        /// Its APIC id.
        pub apic_id: u32,
        /// Its ACPI id.
        pub acpi_id: u32,
        /// Its proximity domain.
        pub pxm: u32,
    }

    /// Memory was plugged in.
    #[doc(alias = "xenpf_mem_hotadd")]
    pub struct MemoryHotadd {
        /// Its first frame.
        pub spfn: u64,
        /// The frame behind it.
        pub epfn: u64,
        /// Its proximity domain.
        pub pxm: u32,
        /// Reserved: 0.
        pub flags: u32,
    }

    /// Sets or gets how many CPUs are parked.
    #[doc(alias = "xenpf_core_parking")]
    pub struct CoreParking {
        /// 1: set; 2: get.
        #[doc(alias = "type")]
        pub kind: u32,
        /// How many.
        pub idle_nums: u32,
    }

    /// Asks how long physical CPUs were idle.
    #[doc(alias = "xenpf_getidletime")]
    pub struct GetIdletime {
        /// The bitmap of the CPUs asked for; written by the hypervisor.
        pub cpumap_bitmap: GuestAddress,
        /// Bits of it; written by the hypervisor.
        pub cpumap_nr_cpus: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// The list of times, in nanoseconds of 8 bytes each.
        pub idletime: GuestAddress,
        /// Written by the hypervisor: system time, in nanoseconds.
        pub now: u64,
    }

    /// Reads or writes MSRs of a physical CPU.
    #[doc(alias = "xenpf_resource_op")]
    pub struct ResourceOp {
        /// How many.
        pub nr_entries: u32,
        /// The CPU.
        pub cpu: u32,
        /// The list of [`ResourceEntry`].
        pub entries: GuestAddress,
    }

    /// An MSR to read or write.
    #[doc(alias = "xenpf_resource_entry")]
    pub struct ResourceEntry {
        /// 0: read; 1: write. Written by the hypervisor: the result.
        #[doc(alias = "u")]
        pub cmd: u32,
        #[doc(hidden)]
        pub _rsvd: u32,
        /// The MSR.
        pub idx: u64,
        /// Its value.
        pub val: u64,
    }

    /// Asks for a symbol of the hypervisor.
    #[doc(alias = "xenpf_symdata")]
    pub struct SymbolData {
        /// Bytes of room for the name; written by the hypervisor.
        pub namelen: u32,
        /// Which symbol; written by the hypervisor: the next.
        pub symnum: u32,
        /// The name.
        pub name: GuestAddress,
        /// Written by the hypervisor: its address.
        pub address: u64,
        /// Written by the hypervisor: its type, as `nm` has it.
        #[doc(alias = "type")]
        pub kind: u8,
        #[doc(hidden)]
        pub _padding: [u8; 7],
    }
}

flags! {
    /// Flags of a [`PcpuInfo`].
    pub struct PcpuFlags: u32 {
        /// It is on.
        ONLINE = 1 => "XEN_PCPU_FLAGS_ONLINE",
        /// There is none of this number.
        INVALID = 2 => "XEN_PCPU_FLAGS_INVALID",
    }
}
