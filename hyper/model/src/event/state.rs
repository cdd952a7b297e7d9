//! What a port is bound to, as an enum and as one word.

use ringwall_abi::{DomainId, Port};

use super::{Pirq, Virq};

/// What a port is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not in use.
    #[doc(alias = "EVTCHNSTAT_closed")]
    Free,
    /// Waits for `remote` to connect.
    #[doc(alias = "EVTCHNSTAT_unbound")]
    Unbound {
        /// The only domain that may.
        remote: DomainId,
    },
    /// Connected to a port of `remote`, which may be the same domain.
    #[doc(alias = "EVTCHNSTAT_interdomain")]
    Interdomain {
        /// The other end's domain.
        remote: DomainId,
        /// The other end.
        port: Port,
    },
    /// Receives a physical interrupt.
    #[doc(alias = "EVTCHNSTAT_pirq")]
    Pirq(Pirq),
    /// Receives a virtual interrupt.
    #[doc(alias = "EVTCHNSTAT_virq")]
    Virq(Virq),
    /// Receives what its own domain sends.
    #[doc(alias = "EVTCHNSTAT_ipi")]
    Ipi,
}

/// A [`State`] in 64 bits: kind in 63:48, domain in 47:32, port or line in 31:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

const UNBOUND: u64 = 1;
const INTERDOMAIN: u64 = 2;
const PIRQ: u64 = 3;
const VIRQ: u64 = 4;
const IPI: u64 = 5;

impl Word {
    pub(super) const FREE: Self = Self(0);
    pub(super) const IPI: Self = Self::new(IPI, 0, 0);

    const fn new(kind: u64, domain: u16, number: u32) -> Self {
        Self(kind << 48 | (domain as u64) << 32 | number as u64)
    }

    pub(super) const fn unbound(remote: DomainId) -> Self {
        Self::new(UNBOUND, remote.raw(), 0)
    }

    pub(super) const fn interdomain(remote: DomainId, port: Port) -> Self {
        Self::new(INTERDOMAIN, remote.raw(), port.raw())
    }

    pub(super) const fn pirq(pirq: Pirq) -> Self {
        Self::new(PIRQ, 0, pirq.raw())
    }

    pub(super) const fn virq(virq: Virq) -> Self {
        Self::new(VIRQ, 0, virq.raw())
    }

    pub(super) fn state(self) -> State {
        let [n0, n1, n2, n3, d0, d1, kind, _] = self.0.to_le_bytes();
        let number = u32::from_le_bytes([n0, n1, n2, n3]);
        let remote = DomainId::new(u16::from_le_bytes([d0, d1]));
        match u64::from(kind) {
            UNBOUND => State::Unbound { remote },
            INTERDOMAIN => State::Interdomain {
                remote,
                port: Port::new(number),
            },
            PIRQ => State::Pirq(Pirq::new(number)),
            VIRQ => Virq::new(number).map_or(State::Free, State::Virq),
            IPI => State::Ipi,
            _ => State::Free,
        }
    }
}
