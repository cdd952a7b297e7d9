//! Machine frames and ports that the hypervisor keeps from dom0.

use core::sync::atomic::{AtomicU16, Ordering};

use ringwall_abi::{Mfn, PAGE_SHIFT};

use super::controllers::firmware;

/// Where devices write their interrupt messages; the local APICs are in its first page. A CPU that
/// writes there sends an interrupt of any vector.
const MESSAGES: core::ops::Range<u64> = 0xfee00..0xfef00;

/// First port of the console's serial line; 0: none.
static SERIAL: AtomicU16 = AtomicU16::new(0);

/// Keeps the eight ports of the console's serial line.
pub(crate) fn keep_serial_ports(first: u16) {
    SERIAL.store(first, Ordering::Relaxed);
}

/// Whether no guest may map a frame that is no RAM: interrupt controllers are the hypervisor's. The
/// HPET is not, since the hypervisor has the local APIC's timer.
pub(crate) fn is_kept(mfn: Mfn) -> bool {
    let Some(tables) = firmware() else { return true };
    let is_at = |address: u64| address >> PAGE_SHIFT == mfn.raw();
    MESSAGES.contains(&mfn.raw())
        || is_at(tables.local_apic)
        || tables.io_apics.iter().any(|entry| is_at(entry.address))
}

/// Whether dom0 may not use a port.
///
/// Kept are the legacy interrupt controllers, the PIT, and the console's serial line. dom0 has:
/// - 0x61, the speaker's gate and the NMI status, since the PIT behind it is only used at boot;
/// - 0xcf8..=0xcff, since it drives PCI, and does so often (see [`ringwall_hw::pci`]);
/// - the PM1 control registers, which it has to read. It enters sleep by `platform_op`, but its
///   writing there, as to the reset registers, would do to the machine what it may do anyway.
pub(crate) fn is_port_denied(port: u16) -> bool {
    let serial = SERIAL.load(Ordering::Relaxed);
    matches!(port, 0x20 | 0x21 | 0xa0 | 0xa1 | 0x40..=0x43)
        || serial != 0 && port.checked_sub(serial).is_some_and(|offset| offset < 8)
}
