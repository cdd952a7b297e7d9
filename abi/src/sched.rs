//! Scheduling: yield, block, poll, shutdown.
//!
//! Source: `public/sched.h`.

use crate::shape::{numbers, record};
use crate::{DomainId, GuestAddress};

numbers! {
    /// Subfunction of `sched_op`.
    pub enum SchedOp: u32 {
        /// Lets others run.
        Yield = 0 => "SCHEDOP_yield",
        /// Sleeps until an event, with upcalls unmasked.
        Block = 1 => "SCHEDOP_block",
        /// Ends the domain: [`SchedShutdown`].
        Shutdown = 2 => "SCHEDOP_shutdown",
        /// Sleeps until one of some ports is pending: [`SchedPoll`].
        Poll = 3 => "SCHEDOP_poll",
        /// Ends another domain: [`SchedRemoteShutdown`].
        RemoteShutdown = 4 => "SCHEDOP_remote_shutdown",
        /// Says why the domain will end: [`SchedShutdown`].
        ShutdownCode = 5 => "SCHEDOP_shutdown_code",
        /// Sets, pokes or clears a watchdog: [`SchedWatchdog`].
        Watchdog = 6 => "SCHEDOP_watchdog",
        /// Pins the caller to a physical CPU: [`SchedPinOverride`].
        PinOverride = 7 => "SCHEDOP_pin_override",
    }
}

numbers! {
    /// Why a domain ended.
    pub enum ShutdownReason: u32 {
        /// It powered off.
        Poweroff = 0 => "SHUTDOWN_poweroff",
        /// It wants to start anew.
        Reboot = 1 => "SHUTDOWN_reboot",
        /// It may be saved.
        Suspend = 2 => "SHUTDOWN_suspend",
        /// It crashed.
        Crash = 3 => "SHUTDOWN_crash",
        /// Its watchdog ran out.
        Watchdog = 4 => "SHUTDOWN_watchdog",
        /// It starts anew with its memory kept.
        SoftReset = 5 => "SHUTDOWN_soft_reset",
    }
}

record! {
    /// Argument of [`SchedOp::Shutdown`] and [`SchedOp::ShutdownCode`].
    #[doc(alias = "sched_shutdown")]
    pub struct SchedShutdown {
        /// A [`ShutdownReason`].
        pub reason: u32,
    }

    /// Argument of [`SchedOp::Poll`].
    #[doc(alias = "sched_poll")]
    pub struct SchedPoll {
        /// The ports: a list of `u32`.
        pub ports: GuestAddress,
        /// How many.
        pub nr_ports: u32,
        #[doc(hidden)]
        pub _padding: u32,
        /// When to give up, in nanoseconds of system time; 0 for never.
        #[doc(alias = "timeout")]
        pub timeout_ns: u64,
    }

    /// Argument of [`SchedOp::RemoteShutdown`].
    #[doc(alias = "sched_remote_shutdown")]
    pub struct SchedRemoteShutdown {
        /// The domain to end.
        pub domain_id: DomainId,
        #[doc(hidden)]
        pub _padding: u16,
        /// A [`ShutdownReason`].
        pub reason: u32,
    }

    /// Argument of [`SchedOp::Watchdog`].
    #[doc(alias = "sched_watchdog")]
    pub struct SchedWatchdog {
        /// The watchdog's number; 0 to get a new one.
        pub id: u32,
        /// In how many seconds it runs out; 0 to clear it.
        #[doc(alias = "timeout")]
        pub timeout_s: u32,
    }

    /// Argument of [`SchedOp::PinOverride`].
    #[doc(alias = "sched_pin_override")]
    pub struct SchedPinOverride {
        /// The physical CPU; negative to unpin.
        pub pcpu: i32,
    }
}
