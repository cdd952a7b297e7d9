//! A domain's ports.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use ringwall_abi::{DomainId, Port, VcpuId};
use spin::Mutex;

use super::channel::Channel;
use super::open::Open;
use super::state::Word;
use super::table::Table;
use super::{Error, Pirq, SharedBits, State, VIRQS, Virq};

/// A domain's event channels, or those of one after the other: see [`Ports::begin`].
#[derive(Debug)]
pub struct Ports {
    domain: AtomicU16,
    pub(super) table: Table,
    pub(super) open: Mutex<Open>,
    /// The port of each VIRQ of each virtual CPU, or 0.
    virqs: Box<[AtomicU32]>,
    /// The port of each PIRQ, or 0.
    pirqs: Box<[AtomicU32]>,
    /// Virtual CPUs in `SCHEDOP_poll`.
    pollers: AtomicU32,
}

/// What `EVTCHNOP_status` tells of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is bound to.
    pub state: State,
    /// The virtual CPU that is notified.
    pub vcpu: VcpuId,
}

impl Ports {
    /// Ports for a domain with `vcpus` virtual CPUs and PIRQs `0..pirqs`; ports from `limit` on
    /// can't be opened, nor those from [`PORTS`](super::PORTS) on.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(domain: DomainId, vcpus: u32, pirqs: u32, limit: u32) -> Result<Self, Error> {
        let virqs = (vcpus as usize)
            .checked_mul(VIRQS)
            .ok_or(Error::OutOfMemory)?;
        Ok(Self {
            domain: AtomicU16::new(domain.raw()),
            table: Table::new(),
            open: Mutex::new(Open::new(limit)),
            virqs: no_ports(virqs)?,
            pirqs: no_ports(pirqs as usize)?,
            pollers: AtomicU32::new(0),
        })
    }

    /// Makes them another domain's, which may open ports below `limit`. The one before has had them
    /// [killed](Self::kill) and then closed, each one.
    pub fn begin(&self, domain: DomainId, limit: u32) {
        self.pollers.store(0, Ordering::SeqCst);
        self.domain.store(domain.raw(), Ordering::SeqCst);
        *self.open.lock() = Open::new(limit);
    }

    /// The domain whose ports they are.
    #[must_use]
    #[inline]
    pub fn domain(&self) -> DomainId {
        DomainId::new(self.domain.load(Ordering::Relaxed))
    }

    /// What a port is bound to. Ports that were never used are [`State::Free`] in part and an
    /// error in part: a tool that counts up learns where to stop.
    ///
    /// # Errors
    /// [`Error::BadPort`].
    #[doc(alias = "EVTCHNOP_status")]
    pub fn status(&self, port: Port) -> Result<Status, Error> {
        let channel = self.channel(port)?;
        Ok(Status {
            state: channel.word().state(),
            vcpu: channel.vcpu(),
        })
    }

    /// Chooses who hears of a port. Returns the PIRQ whose interrupt should follow.
    ///
    /// # Errors
    /// [`Error::NoSuchVcpu`]; [`Error::BadPort`]; [`Error::WrongKind`] for IPIs and per-vCPU
    /// VIRQs, whose virtual CPU is fixed.
    #[doc(alias = "EVTCHNOP_bind_vcpu")]
    pub fn bind_vcpu(&self, port: Port, vcpu: VcpuId) -> Result<Option<Pirq>, Error> {
        self.check_vcpu(vcpu)?;
        let _open = self.open.lock();
        let channel = self.open_channel(port)?;
        let pirq = match channel.word().state() {
            State::Ipi => return Err(Error::WrongKind),
            State::Virq(virq) if !virq.is_global() => return Err(Error::WrongKind),
            State::Pirq(pirq) => Some(pirq),
            State::Free | State::Unbound { .. } | State::Interdomain { .. } | State::Virq(_) => {
                None
            }
        };
        channel.set_vcpu(vcpu);
        Ok(pirq)
    }

    /// A virtual CPU is about to wait in `SCHEDOP_poll`. After this, and before it waits, it
    /// looks at its ports once more; [`Self::end_poll`] follows however it goes on.
    pub fn begin_poll(&self) {
        self.pollers.fetch_add(1, Ordering::SeqCst);
    }

    /// A virtual CPU waits no longer.
    pub fn end_poll(&self) {
        self.pollers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether a poll on this port is over.
    ///
    /// # Errors
    /// [`Error::BadPort`].
    #[doc(alias = "SCHEDOP_poll")]
    pub fn is_pending(&self, port: Port, bits: &impl SharedBits) -> Result<bool, Error> {
        self.channel(port).map(|_| bits.is_pending(port))
    }

    pub(super) fn has_pollers(&self) -> bool {
        self.pollers.load(Ordering::SeqCst) != 0
    }

    /// The channel of a port that was once open.
    pub(super) fn channel(&self, port: Port) -> Result<&Channel, Error> {
        self.table.get(port).ok_or(Error::BadPort)
    }

    /// The channel of a port that is open.
    pub(super) fn open_channel(&self, port: Port) -> Result<&Channel, Error> {
        self.channel(port).and_then(|channel| {
            if channel.word() == Word::FREE {
                Err(Error::BadPort)
            } else {
                Ok(channel)
            }
        })
    }

    pub(super) fn virq_slot(&self, vcpu: VcpuId, virq: Virq) -> Result<&AtomicU32, Error> {
        let index = (vcpu.raw() as usize * VIRQS).saturating_add(virq.raw() as usize);
        self.virqs.get(index).ok_or(Error::NoSuchVcpu)
    }

    pub(super) fn pirq_slot(&self, pirq: Pirq) -> Result<&AtomicU32, Error> {
        self.pirqs.get(pirq.raw() as usize).ok_or(Error::BadPirq)
    }

    pub(super) fn check_vcpu(&self, vcpu: VcpuId) -> Result<(), Error> {
        self.virq_slot(vcpu, Virq::TIMER).map(|_| ())
    }
}

fn no_ports(count: usize) -> Result<Box<[AtomicU32]>, Error> {
    let mut slots = Vec::new();
    slots
        .try_reserve_exact(count)
        .map_err(|_| Error::OutOfMemory)?;
    slots.resize_with(count, || AtomicU32::new(0));
    Ok(slots.into_boxed_slice())
}
