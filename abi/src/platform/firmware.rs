//! What the firmware told the hypervisor.

use crate::GuestAddress;
use crate::shape::{numbers, record};

numbers! {
    /// What a [`FirmwareInfo`] asks for.
    ///
    /// Source: `public/platform.h`, as all of this file.
    pub enum FirmwareInfoType: u32 {
        /// A BIOS disk: [`DiskInfo`].
        DiskInfo = 1 => "XEN_FW_DISK_INFO",
        /// The signature of a BIOS disk: [`DiskMbrSignature`].
        DiskMbrSignature = 2 => "XEN_FW_DISK_MBR_SIGNATURE",
        /// The monitor: [`VbeDdcInfo`].
        VbeddcInfo = 3 => "XEN_FW_VBEDDC_INFO",
        /// EFI, by an [`EfiInfo`] as index.
        EfiInfo = 4 => "XEN_FW_EFI_INFO",
        /// The keyboard's shift flags, one byte.
        KbdShiftFlags = 5 => "XEN_FW_KBD_SHIFT_FLAGS",
    }
}

numbers! {
    /// What is asked of EFI.
    pub enum EfiInfo: u32 {
        /// The version, 4 bytes.
        Version = 0 => "XEN_FW_EFI_VERSION",
        /// The configuration table: [`EfiConfig`].
        ConfigTable = 1 => "XEN_FW_EFI_CONFIG_TABLE",
        /// Who made it: [`EfiVendor`].
        Vendor = 2 => "XEN_FW_EFI_VENDOR",
        /// What memory is: [`EfiMemory`].
        MemInfo = 3 => "XEN_FW_EFI_MEM_INFO",
        /// The version of the runtime services, 4 bytes.
        RtVersion = 4 => "XEN_FW_EFI_RT_VERSION",
        /// The ROM of a PCI device: [`EfiPciRom`].
        PciRom = 5 => "XEN_FW_EFI_PCI_ROM",
        /// Properties of Apple's: [`AppleProperties`].
        AppleProperties = 6 => "XEN_FW_EFI_APPLE_PROPERTIES",
    }
}

numbers! {
    /// A runtime service of EFI.
    #[expect(missing_docs, reason = "the names are EFI's")]
    pub enum EfiRuntimeFunction: u32 {
        GetTime = 1 => "XEN_EFI_get_time",
        SetTime = 2 => "XEN_EFI_set_time",
        GetWakeupTime = 3 => "XEN_EFI_get_wakeup_time",
        SetWakeupTime = 4 => "XEN_EFI_set_wakeup_time",
        GetNextHighMonotonicCount = 5 => "XEN_EFI_get_next_high_monotonic_count",
        GetVariable = 6 => "XEN_EFI_get_variable",
        SetVariable = 7 => "XEN_EFI_set_variable",
        GetNextVariableName = 8 => "XEN_EFI_get_next_variable_name",
        QueryVariableInfo = 9 => "XEN_EFI_query_variable_info",
        QueryCapsuleCapabilities = 10 => "XEN_EFI_query_capsule_capabilities",
        UpdateCapsule = 11 => "XEN_EFI_update_capsule",
    }
}

record! {
    /// Asks what the firmware told.
    #[doc(alias = "xenpf_firmware_info")]
    pub struct FirmwareInfo {
        /// A [`FirmwareInfoType`].
        #[doc(alias = "type")]
        pub kind: u32,
        /// Which of that kind.
        pub index: u32,
        /// The union: the structure that belongs to the kind starts here.
        #[doc(alias = "u")]
        pub body: [u64; 4],
    }

    /// A BIOS disk, as INT 13h tells it.
    #[doc(alias = "disk_info")]
    pub struct DiskInfo {
        /// Its number.
        pub device: u8,
        /// The version of the extensions.
        pub version: u8,
        /// What they can do.
        pub interface_support: u16,
        /// Its last cylinder.
        pub legacy_max_cylinder: u16,
        /// Its last head.
        pub legacy_max_head: u8,
        /// Its sectors.
        pub legacy_sectors_per_track: u8,
        /// Where its parameters go, with the room in the first two bytes.
        pub edd_params: GuestAddress,
    }

    /// The signature of a BIOS disk.
    #[doc(alias = "disk_mbr_signature")]
    pub struct DiskMbrSignature {
        /// Its number.
        pub device: u8,
        #[doc(hidden)]
        pub _padding: [u8; 3],
        /// Its signature.
        pub mbr_signature: u32,
    }

    /// The monitor.
    #[doc(alias = "vbeddc_info")]
    pub struct VbeDdcInfo {
        /// What it can do.
        pub capabilities: u8,
        /// Seconds to read its EDID.
        pub edid_transfer_time: u8,
        #[doc(hidden)]
        pub _padding: [u8; 6],
        /// Where its EDID goes: 128 bytes.
        pub edid: GuestAddress,
    }

    /// The configuration table.
    #[doc(alias = "cfg")]
    pub struct EfiConfig {
        /// Its address.
        pub addr: u64,
        /// Its entries.
        pub nent: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// The firmware's vendor.
    #[doc(alias = "vendor")]
    pub struct EfiVendor {
        /// The revision.
        pub revision: u32,
        /// Bytes of room for the name.
        pub bufsz: u32,
        /// Where the name goes.
        pub name: GuestAddress,
    }

    /// What memory is.
    #[doc(alias = "mem")]
    pub struct EfiMemory {
        /// An address; written by the hypervisor: where its region starts.
        pub addr: u64,
        /// Bytes of the region.
        pub size: u64,
        /// Its attributes.
        pub attr: u64,
        /// Its type.
        #[doc(alias = "type")]
        pub kind: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// The ROM of a PCI device.
    #[doc(alias = "pci_rom")]
    pub struct EfiPciRom {
        /// The device's segment.
        pub segment: u16,
        /// The device's bus.
        pub bus: u8,
        /// The device and function.
        pub devfn: u8,
        /// Its vendor.
        pub vendor: u16,
        /// Its device id.
        pub devid: u16,
        /// Where the ROM is.
        pub address: u64,
        /// Its bytes.
        pub size: u64,
    }

    /// Properties of Apple's.
    #[doc(alias = "apple_properties")]
    pub struct AppleProperties {
        /// Where they are.
        pub address: u64,
        /// Their bytes.
        pub size: u64,
    }

    /// Calls a runtime service.
    #[doc(alias = "xenpf_efi_runtime_call")]
    pub struct EfiRuntimeCall {
        /// An [`EfiRuntimeFunction`].
        pub function: u32,
        /// Flags of the service.
        pub misc: u32,
        /// Written by the hypervisor: EFI's status.
        pub status: u64,
        /// The union.
        #[doc(alias = "u")]
        pub body: [u64; 5],
    }
}
