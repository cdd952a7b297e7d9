//! The page that a domain shares with the hypervisor.
//!
//! Both sides write it at the same time: the hypervisor reaches it by atomics at the offsets that
//! [`SharedInfo`] and [`VcpuInfo`] name, never by a reference to either.

use core::mem::{offset_of, size_of};

use super::LEGACY_MAX_VCPUS;
use crate::arch_x86::{ArchSharedInfo, ArchVcpuInfo};
use crate::shape::{flags, record};

flags! {
    /// Flags of a [`VcpuTimeInfo`].
    ///
    /// Source: `public/xen.h`.
    pub struct PvclockFlags: u8 {
        /// The clock is monotonic across all virtual CPUs.
        TSC_STABLE = 1 << 0 => "XEN_PVCLOCK_TSC_STABLE_BIT",
        /// The guest was stopped from outside.
        GUEST_STOPPED = 1 << 1 => "XEN_PVCLOCK_GUEST_STOPPED",
    }
}

record! {
    /// What turns the time-stamp counter into system time:
    /// `system_time + ((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul / 2^32`.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "vcpu_time_info")]
    pub struct VcpuTimeInfo {
        /// Odd while the hypervisor writes, changed by each write.
        pub version: u32,
        #[doc(hidden)]
        pub _pad0: u32,
        /// The counter at the last write, in ticks.
        pub tsc_timestamp: u64,
        /// The time since boot at the last write, in nanoseconds.
        pub system_time: u64,
        /// Nanoseconds per shifted tick, times 2^32.
        pub tsc_to_system_mul: u32,
        /// The shift of a tick count, to the left; to the right where negative.
        pub tsc_shift: i8,
        /// Promises about the clock.
        pub flags: PvclockFlags,
        #[doc(hidden)]
        pub _pad1: [u8; 2],
    }
}

record! {
    /// A virtual CPU's part of the shared page: 64 bytes.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "vcpu_info")]
    pub struct VcpuInfo {
        /// Nonzero where an event waits.
        pub evtchn_upcall_pending: u8,
        /// Nonzero where upcalls are off.
        pub evtchn_upcall_mask: u8,
        #[doc(hidden)]
        pub _padding: [u8; 6],
        /// Bit `n`: word `n` of [`SharedInfo::evtchn_pending`] has a pending port.
        pub evtchn_pending_sel: u64,
        /// The architecture's part.
        pub arch: ArchVcpuInfo,
        /// The clock.
        pub time: VcpuTimeInfo,
    }
}

record! {
    /// The shared page, as far as it has a meaning.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "shared_info")]
    pub struct SharedInfo {
        /// The first 32 virtual CPUs.
        pub vcpu_info: [VcpuInfo; LEGACY_MAX_VCPUS],
        /// Bit `n`: port `n` is pending.
        pub evtchn_pending: [u64; 64],
        /// Bit `n`: port `n` is masked.
        pub evtchn_mask: [u64; 64],
        /// Odd while the wall clock is written, changed by each write.
        pub wc_version: u32,
        /// Wall-clock time at system time 0: seconds since 1970, low 32 bits.
        pub wc_sec: u32,
        /// Nanoseconds of that second.
        pub wc_nsec: u32,
        /// Seconds since 1970, high 32 bits.
        pub wc_sec_hi: u32,
        /// The architecture's part.
        pub arch: ArchSharedInfo,
    }
}

impl SharedInfo {
    /// Offset of a virtual CPU's [`VcpuInfo`], in bytes; `None` from the 33rd on.
    #[must_use]
    pub const fn vcpu_info_offset(vcpu: crate::VcpuId) -> Option<usize> {
        let index = vcpu.raw() as usize;
        if index < LEGACY_MAX_VCPUS {
            Some(offset_of!(Self, vcpu_info) + index * size_of::<VcpuInfo>())
        } else {
            None
        }
    }

    /// Offset of the pending bits, in bytes.
    pub const EVTCHN_PENDING: usize = offset_of!(Self, evtchn_pending);
    /// Offset of the mask bits, in bytes.
    pub const EVTCHN_MASK: usize = offset_of!(Self, evtchn_mask);
    /// Offset of the wall clock's version, in bytes.
    pub const WC_VERSION: usize = offset_of!(Self, wc_version);
    /// Offset of the wall clock's seconds, in bytes.
    pub const WC_SEC: usize = offset_of!(Self, wc_sec);
    /// Offset of the wall clock's nanoseconds, in bytes.
    pub const WC_NSEC: usize = offset_of!(Self, wc_nsec);
    /// Offset of the high half of the wall clock's seconds, in bytes.
    pub const WC_SEC_HI: usize = offset_of!(Self, wc_sec_hi);
    /// Offset of the architecture's part, in bytes.
    pub const ARCH: usize = offset_of!(Self, arch);
}

impl VcpuInfo {
    /// Offset of the byte that says that an event waits.
    pub const UPCALL_PENDING: usize = offset_of!(Self, evtchn_upcall_pending);
    /// Offset of the byte that masks upcalls.
    pub const UPCALL_MASK: usize = offset_of!(Self, evtchn_upcall_mask);
    /// Offset of the selector of pending words, in bytes.
    pub const PENDING_SEL: usize = offset_of!(Self, evtchn_pending_sel);
    /// Offset of CR2, in bytes.
    pub const CR2: usize = offset_of!(Self, arch.cr2);
    /// Offset of the clock, in bytes.
    pub const TIME: usize = offset_of!(Self, time);
}
