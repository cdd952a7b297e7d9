//! A port that closes when it is no longer used.

use ringwall_abi::event_channel::BindPirqFlags;
use ringwall_abi::xen::Virq;
use ringwall_abi::{DomainId, Port, VcpuId};

use super::{handlers, listen, ports, unlisten};
use crate::hypercall::{self, Result};

/// An event channel of our own. Dropped, it is closed and its handler forgotten.
#[derive(Debug)]
pub struct Channel {
    port: Port,
}

impl Channel {
    /// A port that waits for another domain to bind it.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_alloc_unbound`].
    pub fn unbound(remote: DomainId) -> Result<Self> {
        Ok(Self::own(hypercall::event_alloc_unbound(
            DomainId::SELF,
            remote,
        )?))
    }

    /// A port bound to one of another domain, or of this one.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_bind_interdomain`].
    pub fn interdomain(remote: DomainId, remote_port: Port) -> Result<Self> {
        Ok(Self::own(hypercall::event_bind_interdomain(
            remote,
            remote_port,
        )?))
    }

    /// A virtual interrupt.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_bind_virq`].
    pub fn virq(virq: Virq, vcpu: VcpuId) -> Result<Self> {
        Ok(Self::own(hypercall::event_bind_virq(virq, vcpu)?))
    }

    /// A physical interrupt.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_bind_pirq`].
    pub fn pirq(pirq: u32, flags: BindPirqFlags) -> Result<Self> {
        Ok(Self::own(hypercall::event_bind_pirq(pirq, flags)?))
    }

    /// A signal to a virtual CPU.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_bind_ipi`].
    pub fn ipi(vcpu: VcpuId) -> Result<Self> {
        Ok(Self::own(hypercall::event_bind_ipi(vcpu)?))
    }

    /// A port that was made elsewhere; it is closed with this value.
    #[must_use]
    pub const fn own(port: Port) -> Self {
        Self { port }
    }

    /// Its number.
    #[must_use]
    pub const fn port(&self) -> Port {
        self.port
    }

    /// Sends an event to the other end.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_send`].
    pub fn send(&self) -> Result<()> {
        hypercall::event_send(self.port)
    }

    /// Calls a handler for each event: [`listen`].
    ///
    /// # Errors
    ///
    /// As [`listen`].
    pub fn listen(&self, handler: impl Fn(Port) + Send + Sync + 'static) -> Result<()> {
        listen(self.port, handler)
    }

    /// Binds its events to a virtual CPU.
    ///
    /// # Errors
    ///
    /// As [`hypercall::event_bind_vcpu`].
    pub fn bind_vcpu(&self, vcpu: VcpuId) -> Result<()> {
        hypercall::event_bind_vcpu(self.port, vcpu)?;
        handlers::moved(self.port, vcpu);
        Ok(())
    }

    /// Whether an event waits.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        ports::is_pending(self.port)
    }

    /// Takes the event; whether there was one.
    pub fn clear(&self) -> bool {
        ports::clear(self.port)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        unlisten(self.port);
        // A port that is closed already is what was wanted.
        let _ = hypercall::event_close(self.port);
    }
}
