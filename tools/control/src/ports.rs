//! Event channels of other domains, which a toolstack makes and looks at.

use ringwall_abi::event_channel::{AllocUnbound, EventChannelOp, EventChannelStatus, PortStatus};
use ringwall_abi::{DomainId, Errno, Hypercall, Port, VcpuId};
use zerocopy::{FromBytes, FromZeros as _, Immutable, IntoBytes};

use crate::{Error, Hypervisor, Result};

impl Hypervisor {
    /// Makes a port in `domain` that `remote` may bind: the domain finds it ready in its `start_info`.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `ENOSPC`: it has no port left.
    #[doc(alias = "EVTCHNOP_alloc_unbound")]
    pub fn allocate_unbound_port(&self, domain: DomainId, remote: DomainId) -> Result<Port> {
        let body = AllocUnbound {
            dom: domain,
            remote_dom: remote,
            port: Port::new(0),
        };
        let answer = self.port_op(EventChannelOp::AllocUnbound, domain, body)?;
        Ok(answer.port)
    }

    /// What a port of a domain is, and which virtual CPU gets its events.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `EINVAL`: it has no port of that number.
    #[doc(alias = "EVTCHNOP_status")]
    pub fn port_status(&self, domain: DomainId, port: Port) -> Result<(PortStatus, VcpuId)> {
        let op = EventChannelOp::Status;
        let body = EventChannelStatus {
            dom: domain,
            port,
            ..EventChannelStatus::new_zeroed()
        };
        let answer = self.port_op(op, domain, body)?;
        let status = answer.port_status();
        let status = status.ok_or(Error::new(op.header_name(), Errno::EINVAL).of(domain))?;
        Ok((status, answer.vcpu))
    }

    fn port_op<T>(&self, op: EventChannelOp, domain: DomainId, body: T) -> Result<T>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        let mut call = self.call();
        let place = call.put(&body)?;
        let arguments = [op.number().into(), place.address().raw(), 0, 0, 0];
        call.make(op.header_name(), Hypercall::EventChannelOp, arguments)
            .map_err(|error| error.of(domain))?;
        call.get(place)
    }
}
