//! Interrupts as messages.

use ringwall_abi::physdev::PciDevice;

/// What a device writes, and where, to interrupt a CPU: fixed delivery, physical destination, edge.
///
/// Source: SDM vol. 3A, 11.11.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// Where.
    pub address: u32,
    /// What.
    pub data: u32,
}

impl Message {
    /// A message to the local APIC `destination`.
    #[must_use]
    pub const fn new(destination: u8, vector: u8) -> Self {
        Self { address: 0xfee0_0000 | (destination as u32) << 12, data: vector as u32 }
    }
}

/// Which message of which device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceMessage {
    /// One of its MSI, which have successive vectors.
    Msi {
        /// The device.
        device: PciDevice,
        /// Which of them.
        index: u8,
        /// How many there are: 1..=32.
        count: u8,
    },
    /// An entry of its MSI-X table.
    Msix {
        /// The device.
        device: PciDevice,
        /// Which entry.
        entry: u16,
    },
}

impl DeviceMessage {
    /// The device.
    #[must_use]
    pub const fn device(self) -> PciDevice {
        match self {
            Self::Msi { device, .. } | Self::Msix { device, .. } => device,
        }
    }
}
