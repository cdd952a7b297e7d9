//! Operations on physical devices.

use crate::shape::numbers;

numbers! {
    /// Subfunction of `physdev_op`.
    ///
    /// Source: `public/physdev.h`.
    pub enum PhysdevOp: u32 {
        /// Says that the guest watches for pending interrupts; does nothing.
        IrqUnmaskNotify = 4 => "PHYSDEVOP_IRQ_UNMASK_NOTIFY",
        /// [`IrqStatusQuery`](super::IrqStatusQuery).
        IrqStatusQuery = 5 => "PHYSDEVOP_irq_status_query",
        /// [`SetIopl`](super::SetIopl).
        SetIopl = 6 => "PHYSDEVOP_set_iopl",
        /// [`SetIobitmap`](super::SetIobitmap).
        SetIobitmap = 7 => "PHYSDEVOP_set_iobitmap",
        /// [`ApicAccess`](super::ApicAccess).
        ApicRead = 8 => "PHYSDEVOP_apic_read",
        /// [`ApicAccess`](super::ApicAccess).
        ApicWrite = 9 => "PHYSDEVOP_apic_write",
        /// [`IrqVector`](super::IrqVector).
        AllocIrqVector = 10 => "PHYSDEVOP_alloc_irq_vector",
        /// [`IrqVector`](super::IrqVector).
        FreeIrqVector = 11 => "PHYSDEVOP_free_irq_vector",
        /// [`Eoi`](super::Eoi).
        Eoi = 12 => "PHYSDEVOP_eoi",
        /// [`MapPirq`](super::MapPirq).
        MapPirq = 13 => "PHYSDEVOP_map_pirq",
        /// [`UnmapPirq`](super::UnmapPirq).
        UnmapPirq = 14 => "PHYSDEVOP_unmap_pirq",
        /// [`ManagePci`](super::ManagePci).
        ManagePciAdd = 15 => "PHYSDEVOP_manage_pci_add",
        /// [`ManagePci`](super::ManagePci).
        ManagePciRemove = 16 => "PHYSDEVOP_manage_pci_remove",
        /// [`PirqEoiGmfn`](super::PirqEoiGmfn); unmasking also ends the interrupt.
        PirqEoiGmfnV1 = 17 => "PHYSDEVOP_pirq_eoi_gmfn_v1",
        /// [`ManagePci`](super::ManagePci).
        RestoreMsi = 19 => "PHYSDEVOP_restore_msi",
        /// [`ManagePciExt`](super::ManagePciExt).
        ManagePciAddExt = 20 => "PHYSDEVOP_manage_pci_add_ext",
        /// [`SetupGsi`](super::SetupGsi).
        SetupGsi = 21 => "PHYSDEVOP_setup_gsi",
        /// [`GetFreePirq`](super::GetFreePirq).
        GetFreePirq = 23 => "PHYSDEVOP_get_free_pirq",
        /// [`PciMmcfgReserved`](super::PciMmcfgReserved).
        PciMmcfgReserved = 24 => "PHYSDEVOP_pci_mmcfg_reserved",
        /// [`PciDeviceAdd`](super::PciDeviceAdd).
        PciDeviceAdd = 25 => "PHYSDEVOP_pci_device_add",
        /// [`PciDevice`](super::PciDevice).
        PciDeviceRemove = 26 => "PHYSDEVOP_pci_device_remove",
        /// [`PciDevice`](super::PciDevice).
        RestoreMsiExt = 27 => "PHYSDEVOP_restore_msi_ext",
        /// [`PirqEoiGmfn`](super::PirqEoiGmfn).
        PirqEoiGmfnV2 = 28 => "PHYSDEVOP_pirq_eoi_gmfn_v2",
        /// [`DebugPortOp`](super::DebugPortOp).
        DbgpOp = 29 => "PHYSDEVOP_dbgp_op",
        /// [`PciDevice`](super::PciDevice).
        PrepareMsix = 30 => "PHYSDEVOP_prepare_msix",
        /// [`PciDevice`](super::PciDevice).
        ReleaseMsix = 31 => "PHYSDEVOP_release_msix",
    }
}
