//! Delivery: from a sender to the bits that a guest sees.

use core::sync::atomic::Ordering;

use ringwall_abi::{DomainId, Port, VcpuId};

use super::channel::Channel;
use super::state::Word;
use super::{Error, Pirq, Ports, State, Virq};

/// The bits of the 2-level ABI, in `shared_info` and each `vcpu_info`.
///
/// The guest writes them too, at any time and in any way: each operation is one atomic access
/// (sequentially consistent where it changes a bit), and the answers are hints. Ports are below
/// [`PORTS`](super::PORTS), virtual CPUs below the number that the domain's [`Ports`] were made
/// with; a virtual CPU that has no `vcpu_info` yet answers `true`.
pub trait SharedBits {
    /// Sets the port's bit in `evtchn_pending`; whether it was set.
    fn test_and_set_pending(&self, port: Port) -> bool;
    /// Clears the port's bit in `evtchn_pending`.
    fn clear_pending(&self, port: Port);
    /// The port's bit in `evtchn_pending`.
    fn is_pending(&self, port: Port) -> bool;
    /// The port's bit in `evtchn_mask`.
    fn is_masked(&self, port: Port) -> bool;
    /// Clears the port's bit in `evtchn_mask`; whether it was set.
    fn test_and_clear_mask(&self, port: Port) -> bool;
    /// Sets bit `word` (0..64) of the virtual CPU's `evtchn_pending_sel`; whether it was set.
    fn test_and_set_selector(&self, vcpu: VcpuId, word: u32) -> bool;
    /// Sets the virtual CPU's `evtchn_upcall_pending`; whether it was set.
    fn test_and_set_upcall_pending(&self, vcpu: VcpuId) -> bool;
}

/// What a delivery asks of the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Effect {
    /// This virtual CPU has an upcall to take: wake it, or interrupt the CPU that it runs on.
    pub notify: Option<VcpuId>,
    /// Virtual CPUs of the domain wait in `SCHEDOP_poll`, and a port became pending: each of
    /// them has to look at its ports again.
    pub pollers: bool,
}

impl Effect {
    /// Nothing to do.
    pub const NONE: Self = Self {
        notify: None,
        pollers: false,
    };
}

/// Where a send arrives: what [`Ports::target`] found, for [`Ports::deliver`] of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    domain: DomainId,
    port: Port,
    /// What the receiving port must be for the event to be its own.
    expected: Word,
}

impl Target {
    /// The receiving domain, often the sender itself.
    #[must_use]
    pub const fn domain(&self) -> DomainId {
        self.domain
    }
}

impl Ports {
    /// Finds where an event sent on `port` arrives; `None` where nobody listens (yet), in which
    /// case the event is dropped.
    ///
    /// # Errors
    /// [`Error::BadPort`]; [`Error::WrongKind`] for ports that only the hypervisor raises.
    #[doc(alias = "EVTCHNOP_send")]
    pub fn target(&self, port: Port) -> Result<Option<Target>, Error> {
        match self.channel(port)?.word().state() {
            State::Interdomain {
                remote,
                port: remote_port,
            } => Ok(Some(Target {
                domain: remote,
                port: remote_port,
                expected: Word::interdomain(self.domain(), port),
            })),
            State::Ipi => Ok(Some(Target {
                domain: self.domain(),
                port,
                expected: Word::IPI,
            })),
            State::Unbound { .. } => Ok(None),
            State::Pirq(_) | State::Virq(_) => Err(Error::WrongKind),
            State::Free => Err(Error::BadPort),
        }
    }

    /// Delivers what another domain, or this one, sent. Dropped if the receiving port was closed
    /// or bound to something else in between.
    pub fn deliver(&self, target: Target, bits: &impl SharedBits) -> Effect {
        self.raise(target.port, target.expected, bits)
    }

    /// Raises a virtual interrupt. A global one has its port in virtual CPU 0's table.
    pub fn raise_virq(&self, vcpu: VcpuId, virq: Virq, bits: &impl SharedBits) -> Effect {
        let vcpu = if virq.is_global() {
            VcpuId::new(0)
        } else {
            vcpu
        };
        let Ok(slot) = self.virq_slot(vcpu, virq) else {
            return Effect::NONE;
        };
        self.raise(
            Port::new(slot.load(Ordering::Acquire)),
            Word::virq(virq),
            bits,
        )
    }

    /// Whether raising a virtual interrupt of a virtual CPU would be news: its port is bound, and not pending yet.
    #[must_use]
    pub fn is_news(&self, vcpu: VcpuId, virq: Virq, bits: &impl SharedBits) -> bool {
        let slot = self
            .virq_slot(vcpu, virq)
            .map(|slot| slot.load(Ordering::Acquire));
        let port = slot.map_or(Port::new(0), Port::new);
        let is_bound = |channel: &Channel| channel.word() == Word::virq(virq);
        self.channel(port).is_ok_and(is_bound) && !bits.is_pending(port)
    }

    /// Raises a physical interrupt.
    pub fn raise_pirq(&self, pirq: Pirq, bits: &impl SharedBits) -> Effect {
        let Ok(slot) = self.pirq_slot(pirq) else {
            return Effect::NONE;
        };
        self.raise(
            Port::new(slot.load(Ordering::Acquire)),
            Word::pirq(pirq),
            bits,
        )
    }

    /// Unmasks a port on a guest's behalf.
    ///
    /// # Errors
    /// [`Error::BadPort`].
    #[doc(alias = "EVTCHNOP_unmask")]
    pub fn unmask(&self, port: Port, bits: &impl SharedBits) -> Result<Effect, Error> {
        let channel = self.open_channel(port)?;
        // Unmask before the look at the pending bit: an event between the two is then delivered
        // by its sender.
        if bits.test_and_clear_mask(port) && bits.is_pending(port) {
            Ok(Effect {
                notify: select(channel, port, bits),
                pollers: false,
            })
        } else {
            Ok(Effect::NONE)
        }
    }

    pub(super) fn raise(&self, port: Port, expected: Word, bits: &impl SharedBits) -> Effect {
        let Ok(channel) = self.channel(port) else {
            return Effect::NONE;
        };
        // A close between this check and the next line makes a spurious event for the port's
        // next user; guests have to cope with those anyway.
        if channel.word() != expected || bits.test_and_set_pending(port) {
            return Effect::NONE;
        }
        let notify = if bits.is_masked(port) {
            None
        } else {
            select(channel, port, bits)
        };
        // After the pending bit: a poller counts itself, then looks at the bit.
        Effect {
            notify,
            pollers: self.has_pollers(),
        }
    }
}

/// Marks the port's word for its virtual CPU, which is returned if it did not know.
fn select(channel: &Channel, port: Port, bits: &impl SharedBits) -> Option<VcpuId> {
    let vcpu = channel.vcpu();
    let known =
        bits.test_and_set_selector(vcpu, port.raw() / 64) || bits.test_and_set_upcall_pending(vcpu);
    (!known).then_some(vcpu)
}
