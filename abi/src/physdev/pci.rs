//! PCI devices, of which the privileged domain tells the hypervisor.

use crate::MachineAddress;
use crate::shape::{flags, record};

record! {
    /// A PCI device.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_pci_device")]
    pub struct PciDevice {
        /// Its segment.
        pub seg: u16,
        /// Its bus.
        pub bus: u8,
        /// Device in bits 7..=3, function in bits 2..=0.
        pub devfn: u8,
    }

    /// A PCI device of segment 0.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_manage_pci")]
    #[doc(alias = "physdev_restore_msi")]
    pub struct ManagePci {
        /// Its bus.
        pub bus: u8,
        /// Device in bits 7..=3, function in bits 2..=0.
        pub devfn: u8,
    }

    /// A PCI device of segment 0 that may be a virtual function.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_manage_pci_ext")]
    pub struct ManagePciExt {
        /// Its bus.
        pub bus: u8,
        /// Device in bits 7..=3, function in bits 2..=0.
        pub devfn: u8,
        #[doc(hidden)]
        pub _padding0: u16,
        /// Nonzero for an extended function.
        pub is_extfn: u32,
        /// Nonzero for a virtual function.
        pub is_virtfn: u32,
        /// The bus of its physical function.
        pub physfn_bus: u8,
        /// Device and function of its physical function.
        pub physfn_devfn: u8,
        #[doc(hidden)]
        pub _padding1: u16,
    }

    /// A PCI device; where `PXM` is set, its proximity domain follows in 4 bytes.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_pci_device_add")]
    pub struct PciDeviceAdd {
        /// Its segment.
        pub seg: u16,
        /// Its bus.
        pub bus: u8,
        /// Device in bits 7..=3, function in bits 2..=0.
        pub devfn: u8,
        /// What it is.
        pub flags: PciDeviceFlags,
        /// The bus of its physical function.
        pub physfn_bus: u8,
        /// Device and function of its physical function.
        pub physfn_devfn: u8,
        #[doc(hidden)]
        pub _padding: u16,
    }

    /// Whether a configuration area is reserved in the firmware's tables.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_pci_mmcfg_reserved")]
    pub struct PciMmcfgReserved {
        /// The area.
        pub address: MachineAddress,
        /// Its segment.
        pub segment: u16,
        /// Its first bus.
        pub start_bus: u8,
        /// Its last bus.
        pub end_bus: u8,
        /// What is known of it.
        pub flags: MmcfgFlags,
    }

    /// The debug port's controller is about to be reset, or was.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_dbgp_op")]
    pub struct DebugPortOp {
        /// 1: before the reset; 2: after it.
        #[doc(alias = "PHYSDEVOP_DBGP_RESET_PREPARE")]
        #[doc(alias = "PHYSDEVOP_DBGP_RESET_DONE")]
        pub op: u8,
        /// 0: unknown; 1: PCI.
        #[doc(alias = "PHYSDEVOP_DBGP_BUS_PCI")]
        pub bus: u8,
        /// The controller.
        #[doc(alias = "u")]
        pub device: PciDevice,
    }
}

flags! {
    /// Flags of a [`PciDeviceAdd`].
    ///
    /// Source: `public/physdev.h`.
    pub struct PciDeviceFlags: u32 {
        /// An extended function.
        EXTFN = 1 => "XEN_PCI_DEV_EXTFN",
        /// A virtual function.
        VIRTFN = 2 => "XEN_PCI_DEV_VIRTFN",
        /// A proximity domain follows.
        PXM = 4 => "XEN_PCI_DEV_PXM",
    }
}

flags! {
    /// Flags of a [`PciMmcfgReserved`].
    ///
    /// Source: `public/physdev.h`.
    pub struct MmcfgFlags: u32 {
        /// The area is reserved: it may be used.
        RESERVED = 1 => "XEN_PCI_MMCFG_RESERVED",
    }
}
