//! Guest-visible bits in arrays, and domains of three virtual CPUs.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ringwall_abi::{DomainId, Errno, Port, VcpuId};

use crate::event::{Effect, Error, Pirq, PirqLines, Ports, SharedBits};

pub(super) const VCPUS: u32 = 3;
pub(super) const PIRQS: u32 = 16;

/// A `shared_info` and its `vcpu_info`s.
pub(super) struct Bits {
    pending: Vec<AtomicU64>,
    mask: Vec<AtomicU64>,
    selector: Vec<AtomicU64>,
    upcall: Vec<AtomicBool>,
}

impl Bits {
    pub(super) fn new() -> Self {
        let words = |count| (0..count).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        Self {
            pending: words(64),
            mask: words(64),
            selector: words(VCPUS),
            upcall: (0..VCPUS).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    pub(super) fn mask(&self, port: Port) {
        let (word, bit) = place(port);
        self.mask[word].fetch_or(bit, Ordering::SeqCst);
    }

    /// What a guest does upon an upcall: the ports that were pending.
    pub(super) fn upcall(&self, vcpu: VcpuId) -> Vec<Port> {
        let mut ports = Vec::new();
        self.upcall[vcpu.raw() as usize].store(false, Ordering::SeqCst);
        let words = self.selector[vcpu.raw() as usize].swap(0, Ordering::SeqCst);
        for word in (0..64).filter(|word| words >> word & 1 != 0) {
            let mask = self.mask[word as usize].load(Ordering::SeqCst);
            let ready = self.pending[word as usize].fetch_and(mask, Ordering::SeqCst) & !mask;
            ports.extend(
                (0..64)
                    .filter(|bit| ready >> bit & 1 != 0)
                    .map(|b| Port::new(word * 64 + b)),
            );
        }
        ports
    }
}

fn place(port: Port) -> (usize, u64) {
    ((port.raw() / 64) as usize, 1 << (port.raw() % 64))
}

impl SharedBits for Bits {
    fn test_and_set_pending(&self, port: Port) -> bool {
        let (word, bit) = place(port);
        self.pending[word].fetch_or(bit, Ordering::SeqCst) & bit != 0
    }
    fn clear_pending(&self, port: Port) {
        let (word, bit) = place(port);
        self.pending[word].fetch_and(!bit, Ordering::SeqCst);
    }
    fn is_pending(&self, port: Port) -> bool {
        let (word, bit) = place(port);
        self.pending[word].load(Ordering::SeqCst) & bit != 0
    }
    fn is_masked(&self, port: Port) -> bool {
        let (word, bit) = place(port);
        self.mask[word].load(Ordering::SeqCst) & bit != 0
    }
    fn test_and_clear_mask(&self, port: Port) -> bool {
        let (word, bit) = place(port);
        self.mask[word].fetch_and(!bit, Ordering::SeqCst) & bit != 0
    }
    fn test_and_set_selector(&self, vcpu: VcpuId, word: u32) -> bool {
        let bit = 1 << word;
        self.selector[vcpu.raw() as usize].fetch_or(bit, Ordering::SeqCst) & bit != 0
    }
    fn test_and_set_upcall_pending(&self, vcpu: VcpuId) -> bool {
        self.upcall[vcpu.raw() as usize].swap(true, Ordering::SeqCst)
    }
}

/// Lines that remember which are connected; those from 8 on can't be.
#[derive(Default)]
pub(super) struct Lines(pub(super) AtomicU64);

impl PirqLines for Lines {
    fn connect(&self, pirq: Pirq, _: Port) -> Result<(), Errno> {
        if pirq.raw() >= 8 {
            return Err(Errno::EBUSY);
        }
        self.0.fetch_or(1 << pirq.raw(), Ordering::SeqCst);
        Ok(())
    }
    fn disconnect(&self, pirq: Pirq) {
        self.0.fetch_and(!(1 << pirq.raw()), Ordering::SeqCst);
    }
}

/// A domain.
pub(super) struct Domain {
    pub(super) ports: Ports,
    pub(super) bits: Bits,
    pub(super) lines: Lines,
}

impl Domain {
    pub(super) fn new(id: u16) -> Self {
        let ports = Ports::new(DomainId::new(id), VCPUS, PIRQS, 200).expect("memory");
        Self {
            ports,
            bits: Bits::new(),
            lines: Lines::default(),
        }
    }

    pub(super) fn id(&self) -> DomainId {
        self.ports.domain()
    }

    pub(super) fn send(&self, port: Port, others: &[&Self]) -> Result<Effect, Error> {
        let Some(target) = self.ports.target(port)? else {
            return Ok(Effect::NONE);
        };
        let receiver = find(target.domain(), self, others).expect("a domain");
        Ok(receiver.ports.deliver(target, &receiver.bits))
    }

    /// Binds to a port of `remote` and takes the event that comes with it.
    pub(super) fn bind(&self, remote: &Self, port: Port) -> Result<Port, Error> {
        let (port, _) = self
            .ports
            .bind_interdomain(&remote.ports, port, &self.bits)?;
        self.bits.upcall(VcpuId::new(0));
        Ok(port)
    }

    /// A connection: this domain's port and the other's.
    pub(super) fn connect(&self, remote: &Self) -> (Port, Port) {
        let far = remote.ports.alloc_unbound(self.id()).expect("a port");
        (self.bind(remote, far).expect("a connection"), far)
    }

    pub(super) fn close(&self, port: Port, others: &[&Self]) -> Result<(), Error> {
        let peer = self.ports.peer(port)?.and_then(|id| find(id, self, others));
        self.ports
            .close(port, peer.map(|peer| &peer.ports), &self.bits, &self.lines)
    }
}

fn find<'a>(id: DomainId, own: &'a Domain, others: &[&'a Domain]) -> Option<&'a Domain> {
    others
        .iter()
        .copied()
        .chain([own])
        .find(|domain| domain.id() == id)
}

pub(super) fn notify(vcpu: u32) -> Effect {
    Effect {
        notify: Some(VcpuId::new(vcpu)),
        pollers: false,
    }
}
