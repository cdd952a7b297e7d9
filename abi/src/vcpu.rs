//! Virtual CPUs.
//!
//! Source: `public/vcpu.h`.

use crate::shape::{flags, numbers, record};
use crate::{GuestAddress, Mfn};

numbers! {
    /// Subfunction of `vcpu_op`, whose second argument is the virtual CPU.
    pub enum VcpuOp: u32 {
        /// Sets the state in which it will start:
        /// [`VcpuGuestContext`](crate::arch_x86::VcpuGuestContext).
        Initialise = 0 => "VCPUOP_initialise",
        /// Starts it.
        Up = 1 => "VCPUOP_up",
        /// Stops it.
        Down = 2 => "VCPUOP_down",
        /// Returns 1 where it is up, else 0.
        IsUp = 3 => "VCPUOP_is_up",
        /// Where its time went: [`RunstateInfo`].
        GetRunstateInfo = 4 => "VCPUOP_get_runstate_info",
        /// Where to keep its [`RunstateInfo`] current: [`RegisterRunstateMemoryArea`].
        RegisterRunstateMemoryArea = 5 => "VCPUOP_register_runstate_memory_area",
        /// Starts the periodic timer: [`SetPeriodicTimer`].
        SetPeriodicTimer = 6 => "VCPUOP_set_periodic_timer",
        /// Stops the periodic timer.
        StopPeriodicTimer = 7 => "VCPUOP_stop_periodic_timer",
        /// Starts the one-shot timer: [`SetSingleshotTimer`].
        SetSingleshotTimer = 8 => "VCPUOP_set_singleshot_timer",
        /// Stops the one-shot timer.
        StopSingleshotTimer = 9 => "VCPUOP_stop_singleshot_timer",
        /// Moves its `VcpuInfo`, once: [`RegisterVcpuInfo`].
        RegisterVcpuInfo = 10 => "VCPUOP_register_vcpu_info",
        /// Sends it an NMI.
        SendNmi = 11 => "VCPUOP_send_nmi",
        /// The physical CPU that it is pinned to: [`GetPhysid`].
        GetPhysid = 12 => "VCPUOP_get_physid",
        /// Where to keep a second copy of its clock: [`RegisterTimeMemoryArea`].
        RegisterVcpuTimeMemoryArea = 13 => "VCPUOP_register_vcpu_time_memory_area",
    }
}

numbers! {
    /// What a virtual CPU does; an index of [`RunstateInfo::time`].
    pub enum Runstate: u32 {
        /// It runs.
        Running = 0 => "RUNSTATE_running",
        /// It waits for a physical CPU.
        Runnable = 1 => "RUNSTATE_runnable",
        /// It waits for an event.
        Blocked = 2 => "RUNSTATE_blocked",
        /// It is down, or paused.
        Offline = 3 => "RUNSTATE_offline",
    }
}

record! {
    /// Where a virtual CPU's time went.
    #[doc(alias = "vcpu_runstate_info")]
    pub struct RunstateInfo {
        /// A [`Runstate`].
        pub state: i32,
        #[doc(hidden)]
        pub _padding: u32,
        /// When that began, in nanoseconds of system time; with [`Self::UPDATE`] while it is
        /// written, where the guest asked for it.
        pub state_entry_time: u64,
        /// Nanoseconds in each [`Runstate`].
        pub time: [u64; 4],
    }

    /// Argument of [`VcpuOp::RegisterRunstateMemoryArea`].
    #[doc(alias = "vcpu_register_runstate_memory_area")]
    pub struct RegisterRunstateMemoryArea {
        /// Virtual address of a [`RunstateInfo`].
        #[doc(alias = "addr")]
        pub address: GuestAddress,
    }

    /// Argument of [`VcpuOp::SetPeriodicTimer`].
    #[doc(alias = "vcpu_set_periodic_timer")]
    pub struct SetPeriodicTimer {
        /// The period in nanoseconds.
        pub period_ns: u64,
    }

    /// Argument of [`VcpuOp::SetSingleshotTimer`].
    #[doc(alias = "vcpu_set_singleshot_timer")]
    pub struct SetSingleshotTimer {
        /// The deadline, in nanoseconds of system time.
        pub timeout_abs_ns: u64,
        /// What to do about a deadline in the past.
        pub flags: SingleshotFlags,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// Argument of [`VcpuOp::RegisterVcpuInfo`].
    #[doc(alias = "vcpu_register_vcpu_info")]
    pub struct RegisterVcpuInfo {
        /// The frame.
        pub mfn: Mfn,
        /// The place in it, in bytes.
        pub offset: u32,
        #[doc(hidden)]
        pub _rsvd: u32,
    }

    /// Argument of [`VcpuOp::GetPhysid`].
    #[doc(alias = "vcpu_get_physid")]
    pub struct GetPhysid {
        /// Written by the hypervisor: APIC id in the low half, ACPI id in the high.
        pub phys_id: u64,
    }

    /// Argument of [`VcpuOp::RegisterVcpuTimeMemoryArea`].
    #[doc(alias = "vcpu_register_time_memory_area")]
    pub struct RegisterTimeMemoryArea {
        /// Virtual address of a [`VcpuTimeInfo`](crate::xen::VcpuTimeInfo).
        #[doc(alias = "addr")]
        pub address: GuestAddress,
    }
}

impl RunstateInfo {
    /// Bit of `state_entry_time`: the area is being written.
    #[doc(alias = "XEN_RUNSTATE_UPDATE")]
    pub const UPDATE: u64 = 1 << 63;
}

flags! {
    /// Flags of a [`SetSingleshotTimer`].
    pub struct SingleshotFlags: u32 {
        /// A deadline in the past is `ETIME`, not an event at once.
        FUTURE = 1 << 0 => "VCPU_SSHOTTMR_future",
    }
}
