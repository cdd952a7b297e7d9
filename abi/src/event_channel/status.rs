//! The state of a port.

use crate::shape::{numbers, record};
use crate::{DomainId, Port, VcpuId};

record! {
    /// Argument and answer of `EVTCHNOP_status`.
    ///
    /// Source: `public/event_channel.h`.
    #[doc(alias = "EVTCHNOP_status")]
    #[doc(alias = "evtchn_status")]
    pub struct EventChannelStatus {
        /// Whose port it is.
        pub dom: DomainId,
        #[doc(hidden)]
        pub _padding: u16,
        /// The port.
        pub port: Port,
        /// Written by the hypervisor: a [`StatusCode`].
        pub status: u32,
        /// Written by the hypervisor: who gets the events.
        pub vcpu: VcpuId,
        /// Written by the hypervisor: the union; see [`Self::port_status`].
        pub detail: [u32; 2],
    }
}

numbers! {
    /// What a port is.
    ///
    /// Source: `public/event_channel.h`.
    pub enum StatusCode: u32 {
        /// Free.
        Closed = 0 => "EVTCHNSTAT_closed",
        /// Waits for another domain to bind it.
        Unbound = 1 => "EVTCHNSTAT_unbound",
        /// Connected to a port of another domain.
        Interdomain = 2 => "EVTCHNSTAT_interdomain",
        /// A physical interrupt.
        Pirq = 3 => "EVTCHNSTAT_pirq",
        /// A virtual interrupt.
        Virq = 4 => "EVTCHNSTAT_virq",
        /// A signal between virtual CPUs.
        Ipi = 5 => "EVTCHNSTAT_ipi",
    }
}

/// What a port is, with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortStatus {
    /// Free.
    Closed,
    /// Waits for this domain to bind it.
    Unbound(DomainId),
    /// Connected to this port of this domain.
    Interdomain(DomainId, Port),
    /// A physical interrupt, by its number.
    Pirq(u32),
    /// A virtual interrupt, by its number.
    Virq(u32),
    /// A signal between virtual CPUs.
    Ipi,
}

impl EventChannelStatus {
    /// Writes the answer.
    pub fn set_port_status(&mut self, status: PortStatus, vcpu: VcpuId) {
        let (code, detail) = match status {
            PortStatus::Closed => (StatusCode::Closed, [0, 0]),
            PortStatus::Unbound(remote) => (StatusCode::Unbound, [remote.raw().into(), 0]),
            PortStatus::Interdomain(remote, port) => {
                (StatusCode::Interdomain, [remote.raw().into(), port.raw()])
            }
            PortStatus::Pirq(pirq) => (StatusCode::Pirq, [pirq, 0]),
            PortStatus::Virq(virq) => (StatusCode::Virq, [virq, 0]),
            PortStatus::Ipi => (StatusCode::Ipi, [0, 0]),
        };
        self.status = code.number();
        self.vcpu = vcpu;
        self.detail = detail;
    }

    /// Reads the answer; `None` where its code is unknown.
    #[must_use]
    pub fn port_status(&self) -> Option<PortStatus> {
        let [first, second] = self.detail;
        let remote = DomainId::new((first & 0xffff) as u16);
        Some(match StatusCode::from_number(self.status.into())? {
            StatusCode::Closed => PortStatus::Closed,
            StatusCode::Unbound => PortStatus::Unbound(remote),
            StatusCode::Interdomain => PortStatus::Interdomain(remote, Port::new(second)),
            StatusCode::Pirq => PortStatus::Pirq(first),
            StatusCode::Virq => PortStatus::Virq(first),
            StatusCode::Ipi => PortStatus::Ipi,
        })
    }
}
