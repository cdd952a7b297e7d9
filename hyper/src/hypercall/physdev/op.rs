//! The subfunctions of `physdev_op`.

use ringwall_abi::Errno;
use ringwall_abi::physdev::PhysdevOp;

use super::{interrupts, pci, ports};
use crate::hypercall::{Call, Result};

/// Handles `physdev_op`.
pub(in crate::hypercall) fn handle(call: &mut Call<'_>) -> Result {
    let Some(op) = PhysdevOp::from_number(call.word(0).into()) else {
        return Err(Errno::ENOSYS.into());
    };
    if !matches!(op, PhysdevOp::SetIopl | PhysdevOp::SetIobitmap) {
        call.require_privilege()?;
    }
    match op {
        PhysdevOp::Eoi => interrupts::end(call),
        PhysdevOp::IrqStatusQuery => interrupts::query_status(call),
        PhysdevOp::AllocIrqVector => interrupts::allocate_vector(call),
        PhysdevOp::SetupGsi => interrupts::set_up_gsi(call),
        PhysdevOp::MapPirq => interrupts::map(call),
        PhysdevOp::UnmapPirq => interrupts::unmap(call),
        PhysdevOp::GetFreePirq => interrupts::reserve(call),
        PhysdevOp::ApicRead => interrupts::read_apic(call),
        // The pins are routed by `map_pirq` and `setup_gsi` alone.
        PhysdevOp::ApicWrite => Err(Errno::EPERM.into()),
        PhysdevOp::SetIopl => ports::set_iopl(call),
        PhysdevOp::SetIobitmap => ports::set_iobitmap(call),
        PhysdevOp::PciDeviceAdd => pci::add(call),
        PhysdevOp::ManagePciAdd => pci::add_in_segment_0(call),
        PhysdevOp::ManagePciAddExt => pci::add_function_in_segment_0(call),
        PhysdevOp::PciDeviceRemove => pci::remove(call),
        PhysdevOp::ManagePciRemove => pci::remove_in_segment_0(call),
        PhysdevOp::RestoreMsiExt => pci::restore_messages(call),
        PhysdevOp::RestoreMsi => pci::restore_messages_in_segment_0(call),
        PhysdevOp::PciMmcfgReserved => pci::note_config_space(call),
        PhysdevOp::IrqUnmaskNotify
        | PhysdevOp::FreeIrqVector
        | PhysdevOp::PirqEoiGmfnV1
        | PhysdevOp::PirqEoiGmfnV2
        | PhysdevOp::DbgpOp
        | PhysdevOp::PrepareMsix
        | PhysdevOp::ReleaseMsix => Err(Errno::ENOSYS.into()),
    }
}
