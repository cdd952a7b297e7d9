//! Behaviours of physical interrupts.

mod capability;
mod pirqs;
mod random;
mod vectors;

use ringwall_abi::physdev::PciDevice;

use super::DeviceMessage;

fn device(devfn: u8) -> PciDevice {
    PciDevice {
        seg: 0,
        bus: 0,
        devfn,
    }
}

fn msi(devfn: u8, count: u8) -> DeviceMessage {
    DeviceMessage::Msi {
        device: device(devfn),
        index: 0,
        count,
    }
}

fn msix(devfn: u8, entry: u16) -> DeviceMessage {
    DeviceMessage::Msix {
        device: device(devfn),
        entry,
    }
}
