//! The privileged domain tells of PCI devices when they come and go, and of areas of configuration space, by
//! `PHYSDEVOP_pci_device_add`, `_remove`, `_manage_pci_*`, `_restore_msi*` and `_pci_mmcfg_reserved`: `public/physdev.h`. A
//! device that was told of twice, or was not there, does no harm.
#![no_std]
#![no_main]

use guests::control::{NOWHERE, physdev};
use guests::sdk::abi::physdev::{
    ManagePci, ManagePciExt, PciDevice, PciDeviceAdd, PciMmcfgReserved, PhysdevOp,
};
use guests::sdk::abi::{Errno, Hypercall, MachineAddress};
use guests::sdk::hypercall;
use guests::{Answer, Check, ask, granted, refused};

guests::rule!(check);

/// What hypervisors say of a device that they do not have.
const ABSENT: &[Errno] = &[Errno::ENODEV, Errno::EINVAL, Errno::ENOENT];

/// No harm: done, or refused as absent.
fn harmless(what: &str, answer: Answer) -> Check {
    if answer.is_ok() {
        return Ok(());
    }
    refused(what, answer, ABSENT)
}

fn check() -> Check {
    // The host bridge, which each machine has at the first place.
    let mut device = PciDeviceAdd::default();
    #[expect(unsafe_code, reason = "the SDK's own call")]
    // SAFETY: the argument is the operation's, and names no memory.
    let added = unsafe { hypercall::physdev_op(PhysdevOp::PciDeviceAdd, &mut device) };
    granted("pci_device_add", added.into())?;
    granted("again", physdev(PhysdevOp::PciDeviceAdd, &mut device))?;
    let mut short = ManagePci::default();
    granted(
        "manage_pci_add",
        physdev(PhysdevOp::ManagePciAdd, &mut short),
    )?;
    let mut long = ManagePciExt::default();
    granted(
        "manage_pci_add_ext",
        physdev(PhysdevOp::ManagePciAddExt, &mut long),
    )?;
    let mut place = PciDevice::default();
    harmless("restore_msi", physdev(PhysdevOp::RestoreMsi, &mut short))?;
    harmless(
        "restore_msi_ext",
        physdev(PhysdevOp::RestoreMsiExt, &mut place),
    )?;
    granted(
        "pci_device_remove",
        physdev(PhysdevOp::PciDeviceRemove, &mut place),
    )?;
    harmless("again", physdev(PhysdevOp::PciDeviceRemove, &mut place))?;
    harmless(
        "manage_pci_remove",
        physdev(PhysdevOp::ManagePciRemove, &mut short),
    )?;
    let mut far = PciDevice {
        seg: 77,
        bus: 200,
        devfn: 0xff,
    };
    harmless("no device", physdev(PhysdevOp::PciDeviceRemove, &mut far))?;
    harmless("no device", physdev(PhysdevOp::RestoreMsiExt, &mut far))?;
    let mut area = PciMmcfgReserved {
        address: MachineAddress::new(0xb000_0000),
        end_bus: 255,
        ..PciMmcfgReserved::default()
    };
    harmless(
        "pci_mmcfg_reserved",
        physdev(PhysdevOp::PciMmcfgReserved, &mut area),
    )?;
    for operation in [
        PhysdevOp::PciDeviceAdd,
        PhysdevOp::PciDeviceRemove,
        PhysdevOp::ManagePciAdd,
        PhysdevOp::ManagePciAddExt,
        PhysdevOp::ManagePciRemove,
        PhysdevOp::RestoreMsi,
        PhysdevOp::RestoreMsiExt,
        PhysdevOp::PciMmcfgReserved,
    ] {
        for place in NOWHERE {
            let answer = ask(Hypercall::PhysdevOp, [u64::from(operation.number()), place]);
            refused(operation, answer, &[Errno::EFAULT])?;
        }
    }
    // No other domain gets a device of which these would be needed.
    for operation in [PhysdevOp::PrepareMsix, PhysdevOp::ReleaseMsix] {
        let answer = physdev(operation, &mut far);
        refused(operation, answer, &[Errno::ENOSYS, Errno::ENODEV])?;
    }
    Ok(())
}
