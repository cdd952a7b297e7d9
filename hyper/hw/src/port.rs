//! I/O ports.
// UNSAFETY: port accesses.
#![expect(unsafe_code)]

use x86::io;

/// Width of an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// One byte.
    Byte,
    /// Two bytes.
    Word,
    /// Four bytes.
    Long,
}

impl Width {
    /// Bytes of the access.
    #[must_use]
    pub const fn bytes(self) -> u16 {
        match self {
            Self::Byte => 1,
            Self::Word => 2,
            Self::Long => 4,
        }
    }
}

/// Reads a port.
#[must_use]
pub fn read(port: u16, width: Width) -> u32 {
    // SAFETY: a read may change a device, which the callers mean; it changes no memory of ours,
    // since the hypervisor gives no device a buffer.
    unsafe {
        match width {
            Width::Byte => io::inb(port).into(),
            Width::Word => io::inw(port).into(),
            Width::Long => io::inl(port),
        }
    }
}

/// Writes the low bytes of `value` to a port.
pub fn write(port: u16, width: Width, value: u32) {
    let [low, high, ..] = value.to_le_bytes();
    // SAFETY: as for `read`. Ports of the devices that the hypervisor keeps are given to no guest; dom0, which
    // drives the others, can reach memory by them, and is trusted with it.
    unsafe {
        match width {
            Width::Byte => io::outb(port, low),
            Width::Word => io::outw(port, u16::from_le_bytes([low, high])),
            Width::Long => io::outl(port, value),
        }
    }
}

/// Reads a byte.
#[must_use]
pub fn read8(port: u16) -> u8 {
    read(port, Width::Byte).to_le_bytes()[0]
}

/// Writes a byte.
pub fn write8(port: u16, value: u8) {
    write(port, Width::Byte, value.into());
}
