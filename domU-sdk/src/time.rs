//! The PV clock, and timers.

mod clock;
mod timers;

use core::sync::atomic::{Ordering, fence};

use ringwall_abi::xen::{SharedInfo, VcpuInfo};

use crate::raw::registers;
use crate::start;
use clock::Scale;
pub use timers::{Timer, at, sleep_ns, sleep_until};

/// Offsets in a [`VcpuTimeInfo`](ringwall_abi::xen::VcpuTimeInfo), in bytes.
mod offset {
    use core::mem::offset_of;

    use ringwall_abi::xen::{VcpuInfo, VcpuTimeInfo};

    pub(super) const VERSION: usize = VcpuInfo::TIME + offset_of!(VcpuTimeInfo, version);
    pub(super) const TSC: usize = VcpuInfo::TIME + offset_of!(VcpuTimeInfo, tsc_timestamp);
    pub(super) const SYSTEM: usize = VcpuInfo::TIME + offset_of!(VcpuTimeInfo, system_time);
    pub(super) const MUL: usize = VcpuInfo::TIME + offset_of!(VcpuTimeInfo, tsc_to_system_mul);
    pub(super) const SHIFT: usize = VcpuInfo::TIME + offset_of!(VcpuTimeInfo, tsc_shift);
}

/// Nanoseconds since the machine's start, on a clock that only goes forward; 0 on a host.
#[must_use]
pub fn monotonic_ns() -> u64 {
    let Some(info) = start::vcpu_info() else {
        return 0;
    };
    const { assert!(offset::VERSION == VcpuInfo::TIME) };
    loop {
        let version = info.u32(offset::VERSION).load(Ordering::Acquire);
        let scale = Scale {
            tsc: info.u64(offset::TSC).load(Ordering::Relaxed),
            system_ns: info.u64(offset::SYSTEM).load(Ordering::Relaxed),
            multiplier: info.u32(offset::MUL).load(Ordering::Relaxed),
            shift: info.u8(offset::SHIFT).load(Ordering::Relaxed).cast_signed(),
        };
        let now = scale.system_ns(registers::tsc());
        fence(Ordering::Acquire);
        // Odd while it is written, another one when it has been.
        if version.is_multiple_of(2) && version == info.u32(offset::VERSION).load(Ordering::Relaxed)
        {
            return now;
        }
        core::hint::spin_loop();
    }
}

/// Nanoseconds since 1970, by the wall clock; 0 on a host.
#[must_use]
pub fn wall_clock_ns() -> u128 {
    let Some(page) = start::shared_info() else {
        return 0;
    };
    loop {
        let version = page.u32(SharedInfo::WC_VERSION).load(Ordering::Acquire);
        let low = page.u32(SharedInfo::WC_SEC).load(Ordering::Relaxed);
        let high = page.u32(SharedInfo::WC_SEC_HI).load(Ordering::Relaxed);
        let nanoseconds = page.u32(SharedInfo::WC_NSEC).load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if version.is_multiple_of(2)
            && version == page.u32(SharedInfo::WC_VERSION).load(Ordering::Relaxed)
        {
            let seconds = u64::from(high) << 32 | u64::from(low);
            return clock::wall_ns(seconds, nanoseconds, monotonic_ns());
        }
        core::hint::spin_loop();
    }
}
