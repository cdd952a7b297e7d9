//! Parameters of scheduling.

use crate::shape::{numbers, record};
use crate::{GuestAddress, VcpuId};

numbers! {
    /// A scheduler.
    ///
    /// Source: `public/domctl.h`.
    pub enum SchedulerId: u32 {
        /// credit.
        Credit = 5 => "XEN_SCHEDULER_CREDIT",
        /// credit2.
        Credit2 = 6 => "XEN_SCHEDULER_CREDIT2",
        /// ARINC 653.
        Arinc653 = 7 => "XEN_SCHEDULER_ARINC653",
        /// Real time.
        Rtds = 8 => "XEN_SCHEDULER_RTDS",
        /// One virtual CPU for each physical one.
        Null = 9 => "XEN_SCHEDULER_NULL",
    }
}

numbers! {
    /// What a [`SchedulerOp`] does.
    ///
    /// Source: `public/domctl.h`.
    pub enum SchedulerCommand: u32 {
        /// Sets a domain's parameters.
        PutInfo = 0 => "XEN_DOMCTL_SCHEDOP_putinfo",
        /// Gets a domain's parameters.
        GetInfo = 1 => "XEN_DOMCTL_SCHEDOP_getinfo",
        /// Sets parameters of virtual CPUs: [`SchedulerVcpus`].
        PutVcpuInfo = 2 => "XEN_DOMCTL_SCHEDOP_putvcpuinfo",
        /// Gets parameters of virtual CPUs: [`SchedulerVcpus`].
        GetVcpuInfo = 3 => "XEN_DOMCTL_SCHEDOP_getvcpuinfo",
    }
}

record! {
    /// Parameters of credit and credit2.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_sched_credit")]
    #[doc(alias = "xen_domctl_sched_credit2")]
    pub struct SchedulerParameters {
        /// The domain's share, in proportion to others': 1..=65535, at first 256.
        pub weight: u16,
        /// The most that it gets, in percent of one CPU; 0 for no limit.
        pub cap: u16,
    }

    /// Parameters of the real-time scheduler.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_sched_rtds")]
    pub struct RtdsParameters {
        /// Microseconds.
        pub period: u32,
        /// Microseconds of each period.
        pub budget: u32,
        /// Bit 0: idle time too.
        #[doc(alias = "XEN_DOMCTL_SCHEDRT_extra")]
        pub flags: u32,
    }

    /// Parameters of a virtual CPU.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_schedparam_vcpu")]
    pub struct VcpuParameters {
        /// The union: [`SchedulerParameters`] or [`RtdsParameters`].
        #[doc(alias = "u")]
        pub body: [u32; 3],
        /// The virtual CPU.
        pub vcpuid: VcpuId,
    }

    /// Sets or gets parameters.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_scheduler_op")]
    pub struct SchedulerOp {
        /// A [`SchedulerId`].
        pub sched_id: u32,
        /// A [`SchedulerCommand`].
        pub cmd: u32,
        /// The union: [`SchedulerParameters`], [`RtdsParameters`] or [`SchedulerVcpus`].
        #[doc(alias = "u")]
        pub body: [u64; 2],
    }

    /// The virtual CPUs whose parameters are set or got.
    ///
    /// Source: `public/domctl.h`.
    pub struct SchedulerVcpus {
        /// The list of [`VcpuParameters`].
        pub vcpus: GuestAddress,
        /// How many; written by the hypervisor.
        pub nr_vcpus: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }
}
