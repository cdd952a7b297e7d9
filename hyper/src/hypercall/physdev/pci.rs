//! PCI devices that dom0 tells of.
//!
//! Without an IOMMU there is nothing to set up when a device comes; what is kept of one are the
//! messages that were mapped for it.

use ringwall_abi::physdev::{ManagePci, ManagePciExt, PciDevice, PciDeviceAdd, PciMmcfgReserved};

use crate::hypercall::{Call, Result};
use crate::irq;

/// `pci_device_add`.
pub(super) fn add(call: &Call<'_>) -> Result {
    call.read::<PciDeviceAdd>(1)?;
    Ok(0)
}

/// `manage_pci_add`.
pub(super) fn add_in_segment_0(call: &Call<'_>) -> Result {
    call.read::<ManagePci>(1)?;
    Ok(0)
}

/// `manage_pci_add_ext`.
pub(super) fn add_function_in_segment_0(call: &Call<'_>) -> Result {
    call.read::<ManagePciExt>(1)?;
    Ok(0)
}

/// `pci_device_remove`: forgets its messages.
pub(super) fn remove(call: &Call<'_>) -> Result {
    irq::forget(call.read(1)?)?;
    Ok(0)
}

/// `manage_pci_remove`.
pub(super) fn remove_in_segment_0(call: &Call<'_>) -> Result {
    irq::forget(in_segment_0(call.read(1)?))?;
    Ok(0)
}

/// `restore_msi_ext`: after a device lost its state. `EINVAL`: it has no such capability any more.
pub(super) fn restore_messages(call: &Call<'_>) -> Result {
    irq::restore(call.read(1)?)?;
    Ok(0)
}

/// `restore_msi`.
pub(super) fn restore_messages_in_segment_0(call: &Call<'_>) -> Result {
    irq::restore(in_segment_0(call.read(1)?))?;
    Ok(0)
}

/// `pci_mmcfg_reserved`: the hypervisor reaches configuration space by ports.
pub(super) fn note_config_space(call: &Call<'_>) -> Result {
    call.read::<PciMmcfgReserved>(1)?;
    Ok(0)
}

fn in_segment_0(device: ManagePci) -> PciDevice {
    PciDevice {
        seg: 0,
        bus: device.bus,
        devfn: device.devfn,
    }
}
