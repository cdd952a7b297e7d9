//! Operations of the platform.

use crate::shape::{numbers, record};
use crate::{GuestAddress, Mfn};

/// What [`PlatformRequest::interface_version`] must be.
/// Source: `public/platform.h`, as all of this file.
#[doc(alias = "XENPF_INTERFACE_VERSION")]
pub const INTERFACE_VERSION: u32 = 0x0300_0001;

record! {
    /// Argument of `platform_op`. Copy the [`PlatformOpHeader`] first, then the structure that
    /// belongs to its operation from [`Self::BODY_OFFSET`] on.
    #[doc(alias = "xen_platform_op")]
    pub struct PlatformRequest {
        /// A [`PlatformOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
        /// The union, of which each operation has a structure.
        #[doc(alias = "u")]
        pub body: [u64; 16],
    }

    /// How each [`PlatformRequest`] starts.
    pub struct PlatformOpHeader {
        /// A [`PlatformOp`].
        pub cmd: u32,
        /// [`INTERFACE_VERSION`].
        pub interface_version: u32,
    }
}

impl PlatformRequest {
    /// Where the operation's structure starts, in bytes.
    pub const BODY_OFFSET: usize = core::mem::offset_of!(Self, body);
}

numbers! {
    /// Subfunction of `platform_op`.
    pub enum PlatformOp: u32 {
        /// [`Settime32`](super::Settime32).
        Settime32 = 17 => "XENPF_settime32",
        /// [`AddMemtype`].
        AddMemtype = 31 => "XENPF_add_memtype",
        /// [`DelMemtype`].
        DelMemtype = 32 => "XENPF_del_memtype",
        /// [`ReadMemtype`].
        ReadMemtype = 33 => "XENPF_read_memtype",
        /// [`MicrocodeUpdate`].
        MicrocodeUpdate = 35 => "XENPF_microcode_update",
        /// [`PlatformQuirk`].
        PlatformQuirk = 39 => "XENPF_platform_quirk",
        /// [`PcpuVersion`](super::PcpuVersion).
        GetCpuVersion = 48 => "XENPF_get_cpu_version",
        /// [`EfiRuntimeCall`](super::EfiRuntimeCall).
        EfiRuntimeCall = 49 => "XENPF_efi_runtime_call",
        /// [`FirmwareInfo`](super::FirmwareInfo).
        FirmwareInfo = 50 => "XENPF_firmware_info",
        /// [`EnterAcpiSleep`](super::EnterAcpiSleep).
        EnterAcpiSleep = 51 => "XENPF_enter_acpi_sleep",
        /// [`ChangeFreq`].
        ChangeFreq = 52 => "XENPF_change_freq",
        /// [`GetIdletime`](super::GetIdletime).
        GetIdletime = 53 => "XENPF_getidletime",
        /// [`SetProcessorPminfo`](super::SetProcessorPminfo).
        SetProcessorPminfo = 54 => "XENPF_set_processor_pminfo",
        /// [`PcpuInfo`](super::PcpuInfo).
        GetCpuinfo = 55 => "XENPF_get_cpuinfo",
        /// [`CpuOnline`](super::CpuOnline).
        CpuOnline = 56 => "XENPF_cpu_online",
        /// [`CpuOnline`](super::CpuOnline).
        CpuOffline = 57 => "XENPF_cpu_offline",
        /// [`CpuHotadd`](super::CpuHotadd).
        CpuHotadd = 58 => "XENPF_cpu_hotadd",
        /// [`MemoryHotadd`](super::MemoryHotadd).
        MemHotadd = 59 => "XENPF_mem_hotadd",
        /// [`CoreParking`](super::CoreParking).
        CoreParking = 60 => "XENPF_core_parking",
        /// [`ResourceOp`](super::ResourceOp).
        ResourceOp = 61 => "XENPF_resource_op",
        /// [`Settime64`](super::Settime64).
        Settime64 = 62 => "XENPF_settime64",
        /// [`SymbolData`](super::SymbolData).
        GetSymbol = 63 => "XENPF_get_symbol",
    }
}

record! {
    /// Sets a memory type range.
    #[doc(alias = "xenpf_add_memtype")]
    pub struct AddMemtype {
        /// Its first frame.
        pub mfn: Mfn,
        /// Its frames.
        pub nr_mfns: u64,
        /// The type, as an MTRR has it.
        #[doc(alias = "type")]
        pub kind: u32,
        /// Written by the hypervisor: by what it is undone.
        pub handle: u32,
        /// Written by the hypervisor: the MTRR.
        pub reg: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// Clears a memory type range.
    #[doc(alias = "xenpf_del_memtype")]
    pub struct DelMemtype {
        /// What setting it gave.
        pub handle: u32,
        /// The MTRR.
        pub reg: u32,
    }

    /// Reads an MTRR.
    #[doc(alias = "xenpf_read_memtype")]
    pub struct ReadMemtype {
        /// The MTRR.
        pub reg: u32,
        #[doc(hidden)]
        pub _padding0: u32,
        /// Written by the hypervisor: its first frame.
        pub mfn: Mfn,
        /// Written by the hypervisor: its frames.
        pub nr_mfns: u64,
        /// Written by the hypervisor: the type.
        #[doc(alias = "type")]
        pub kind: u32,
        #[doc(hidden)]
        pub _padding1: u32,
    }

    /// Loads microcode.
    #[doc(alias = "xenpf_microcode_update")]
    pub struct MicrocodeUpdate {
        /// The microcode.
        pub data: GuestAddress,
        /// Its bytes.
        pub length: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// Tells of a quirk of the chipset.
    #[doc(alias = "xenpf_platform_quirk")]
    pub struct PlatformQuirk {
        /// The quirk.
        pub quirk_id: u32,
    }

    /// The frequency of a CPU will change.
    #[doc(alias = "xenpf_change_freq")]
    pub struct ChangeFreq {
        /// Reserved: 0.
        pub flags: u32,
        /// The physical CPU.
        pub cpu: u32,
        /// Its frequency in Hz.
        pub freq: u64,
    }
}
