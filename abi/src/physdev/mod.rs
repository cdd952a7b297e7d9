//! Physical devices: interrupts and PCI.
//!
//! Source: `public/physdev.h`.

mod irq;
mod ops;
mod pci;
mod ports;

pub use irq::{
    Eoi, GetFreePirq, IrqStatusFlags, IrqStatusQuery, IrqVector, MapPirq, MapPirqType, PirqEoiGmfn,
    SetupGsi, UnmapPirq,
};
pub use ops::PhysdevOp;
pub use pci::{
    DebugPortOp, ManagePci, ManagePciExt, MmcfgFlags, PciDevice, PciDeviceAdd, PciDeviceFlags,
    PciMmcfgReserved,
};
pub use ports::{ApicAccess, SetIobitmap, SetIopl};
