//! PCI configuration space, by ports.
//!
//! The domain that drives the devices uses the same two ports directly, and may be interrupted
//! between them: whoever comes in between puts the address back. That is enough while one CPU
//! runs; before a second one does, that domain's accesses have to be emulated under `ADDRESS`.
//!
//! Source: PCI Local Bus Specification 3.0, section 3.2.2.3.2.

use ringwall_abi::physdev::PciDevice;
use ringwall_model::irq::ConfigSpace;
use spin::Mutex;

use crate::port::{Width, read, write};

const ADDRESS_PORT: u16 = 0xcf8;
const DATA_PORT: u16 = 0xcfc;
const ENABLE: u32 = 1 << 31;

/// Lock order: a leaf.
static ADDRESS: Mutex<()> = Mutex::new(());

/// The configuration space of a device.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    address: u32,
}

impl Function {
    /// That of the device, whether there is one or not. `None` outside segment 0, which has no ports.
    #[must_use]
    pub fn new(device: PciDevice) -> Option<Self> {
        let address = ENABLE | u32::from(device.bus) << 16 | u32::from(device.devfn) << 8;
        (device.seg == 0).then_some(Self { address })
    }

    /// Selects a register for the time of `access`.
    fn with_selected<T>(self, register: u8, access: impl FnOnce() -> T) -> T {
        let _guard = ADDRESS.lock();
        let others = read(ADDRESS_PORT, Width::Long);
        write(
            ADDRESS_PORT,
            Width::Long,
            self.address | u32::from(register & !3),
        );
        let result = access();
        write(ADDRESS_PORT, Width::Long, others);
        result
    }
}

impl ConfigSpace for Function {
    fn read(&self, register: u8) -> u32 {
        self.with_selected(register, || read(DATA_PORT, Width::Long))
    }

    fn write(&self, register: u8, value: u32) {
        self.with_selected(register, || write(DATA_PORT, Width::Long, value));
    }
}
