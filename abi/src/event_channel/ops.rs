//! Operations on event channels.

use crate::shape::{flags, numbers, record};
use crate::{DomainId, Pfn, Port, VcpuId};

numbers! {
    /// Subfunction of `event_channel_op`.
    ///
    /// Source: `public/event_channel.h`.
    pub enum EventChannelOp: u32 {
        /// [`BindInterdomain`].
        BindInterdomain = 0 => "EVTCHNOP_bind_interdomain",
        /// [`BindVirq`].
        BindVirq = 1 => "EVTCHNOP_bind_virq",
        /// [`BindPirq`].
        BindPirq = 2 => "EVTCHNOP_bind_pirq",
        /// [`Close`].
        Close = 3 => "EVTCHNOP_close",
        /// [`Send`].
        Send = 4 => "EVTCHNOP_send",
        /// [`EventChannelStatus`](super::EventChannelStatus).
        Status = 5 => "EVTCHNOP_status",
        /// [`AllocUnbound`].
        AllocUnbound = 6 => "EVTCHNOP_alloc_unbound",
        /// [`BindIpi`].
        BindIpi = 7 => "EVTCHNOP_bind_ipi",
        /// [`BindVcpu`].
        BindVcpu = 8 => "EVTCHNOP_bind_vcpu",
        /// [`Unmask`].
        Unmask = 9 => "EVTCHNOP_unmask",
        /// [`Reset`].
        Reset = 10 => "EVTCHNOP_reset",
        /// [`InitControl`].
        InitControl = 11 => "EVTCHNOP_init_control",
        /// [`ExpandArray`].
        ExpandArray = 12 => "EVTCHNOP_expand_array",
        /// [`SetPriority`].
        SetPriority = 13 => "EVTCHNOP_set_priority",
    }
}

record! {
    /// Makes a port in `dom` that `remote_dom` may bind.
    #[doc(alias = "EVTCHNOP_alloc_unbound")]
    #[doc(alias = "evtchn_alloc_unbound")]
    pub struct AllocUnbound {
        /// Where the port is made.
        pub dom: DomainId,
        /// Who may bind it.
        pub remote_dom: DomainId,
        /// Written by the hypervisor: the port.
        pub port: Port,
    }

    /// Binds a new port of the caller to an unbound port of another domain.
    #[doc(alias = "EVTCHNOP_bind_interdomain")]
    #[doc(alias = "evtchn_bind_interdomain")]
    pub struct BindInterdomain {
        /// The other domain.
        pub remote_dom: DomainId,
        #[doc(hidden)]
        pub _padding: u16,
        /// Its port.
        pub remote_port: Port,
        /// Written by the hypervisor: the caller's port.
        pub local_port: Port,
    }

    /// Binds a virtual interrupt to a new port.
    #[doc(alias = "EVTCHNOP_bind_virq")]
    #[doc(alias = "evtchn_bind_virq")]
    pub struct BindVirq {
        /// A [`Virq`](crate::xen::Virq).
        pub virq: u32,
        /// The virtual CPU whose interrupt it is, or to which it is sent first.
        pub vcpu: VcpuId,
        /// Written by the hypervisor: the port.
        pub port: Port,
    }

    /// Binds a physical interrupt to a new port.
    #[doc(alias = "EVTCHNOP_bind_pirq")]
    #[doc(alias = "evtchn_bind_pirq")]
    pub struct BindPirq {
        /// The interrupt's number in the caller's space.
        pub pirq: u32,
        /// How it is bound.
        pub flags: BindPirqFlags,
        /// Written by the hypervisor: the port.
        pub port: Port,
    }

    /// Makes a port by which the domain's virtual CPUs signal one of them.
    #[doc(alias = "EVTCHNOP_bind_ipi")]
    #[doc(alias = "evtchn_bind_ipi")]
    pub struct BindIpi {
        /// Who gets the events.
        pub vcpu: VcpuId,
        /// Written by the hypervisor: the port.
        pub port: Port,
    }

    /// Closes a port of the caller.
    #[doc(alias = "EVTCHNOP_close")]
    #[doc(alias = "evtchn_close")]
    pub struct Close {
        /// The port.
        pub port: Port,
    }

    /// Sends an event to the other end of a port of the caller.
    #[doc(alias = "EVTCHNOP_send")]
    #[doc(alias = "evtchn_send")]
    pub struct Send {
        /// The port.
        pub port: Port,
    }

    /// Sets which virtual CPU gets the events of a port.
    #[doc(alias = "EVTCHNOP_bind_vcpu")]
    #[doc(alias = "evtchn_bind_vcpu")]
    pub struct BindVcpu {
        /// The port.
        pub port: Port,
        /// The virtual CPU.
        pub vcpu: VcpuId,
    }

    /// Unmasks a port, with an upcall where it is pending.
    #[doc(alias = "EVTCHNOP_unmask")]
    #[doc(alias = "evtchn_unmask")]
    pub struct Unmask {
        /// The port.
        pub port: Port,
    }

    /// Closes all ports of a domain.
    #[doc(alias = "EVTCHNOP_reset")]
    #[doc(alias = "evtchn_reset")]
    pub struct Reset {
        /// The domain.
        pub dom: DomainId,
    }

    /// Gives a virtual CPU its FIFO control block.
    #[doc(alias = "EVTCHNOP_init_control")]
    #[doc(alias = "evtchn_init_control")]
    pub struct InitControl {
        /// The frame.
        pub control_gfn: Pfn,
        /// The place in it, in bytes.
        pub offset: u32,
        /// The virtual CPU.
        pub vcpu: VcpuId,
        /// Written by the hypervisor: bits of a link.
        pub link_bits: u8,
        #[doc(hidden)]
        pub _pad: [u8; 7],
    }

    /// Gives the FIFO one more page of event words.
    #[doc(alias = "EVTCHNOP_expand_array")]
    #[doc(alias = "evtchn_expand_array")]
    pub struct ExpandArray {
        /// The frame.
        pub array_gfn: Pfn,
    }

    /// Sets the FIFO priority of a port.
    #[doc(alias = "EVTCHNOP_set_priority")]
    #[doc(alias = "evtchn_set_priority")]
    pub struct SetPriority {
        /// The port.
        pub port: Port,
        /// 0 (highest) to 15.
        pub priority: u32,
    }
}

flags! {
    /// Flags of a [`BindPirq`].
    pub struct BindPirqFlags: u32 {
        /// The interrupt may be shared with other domains.
        WILL_SHARE = 1 => "BIND_PIRQ__WILL_SHARE",
    }
}
