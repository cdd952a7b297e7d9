//! Event channels: from the model's decisions to guests and their virtual CPUs.

use core::sync::atomic::Ordering;

use ringwall_abi::xen::SharedInfo;
use ringwall_abi::{Port, VcpuId};
use ringwall_model::event::{Effect, Pirq, SharedBits, Target, Virq};

use crate::domain::{self, Domain};
use crate::schedule;
use crate::vcpu::Vcpu;

/// The bits of a domain in its shared pages.
pub(crate) struct Bits(pub(crate) &'static Domain);

impl Bits {
    fn change(&self, base: usize, port: Port, set: bool) -> bool {
        let bit = 1 << (port.raw() % 64);
        let Some(word) = self.word(base, port) else {
            return true;
        };
        let old = if set {
            word.fetch_or(bit, Ordering::SeqCst)
        } else {
            word.fetch_and(!bit, Ordering::SeqCst)
        };
        old & bit != 0
    }

    fn read(&self, base: usize, port: Port) -> bool {
        let bit = 1 << (port.raw() % 64);
        self.word(base, port)
            .is_none_or(|word| word.load(Ordering::SeqCst) & bit != 0)
    }

    fn word(&self, base: usize, port: Port) -> Option<&'static core::sync::atomic::AtomicU64> {
        self.0.shared_word(base + port.raw() as usize / 64 * 8)
    }
}

impl SharedBits for Bits {
    fn test_and_set_pending(&self, port: Port) -> bool {
        self.change(SharedInfo::EVTCHN_PENDING, port, true)
    }

    fn clear_pending(&self, port: Port) {
        self.change(SharedInfo::EVTCHN_PENDING, port, false);
    }

    fn is_pending(&self, port: Port) -> bool {
        self.read(SharedInfo::EVTCHN_PENDING, port)
    }

    fn is_masked(&self, port: Port) -> bool {
        self.read(SharedInfo::EVTCHN_MASK, port)
    }

    fn test_and_clear_mask(&self, port: Port) -> bool {
        self.change(SharedInfo::EVTCHN_MASK, port, false)
    }

    fn test_and_set_selector(&self, vcpu: VcpuId, word: u32) -> bool {
        let Some(selector) = self.0.vcpu(vcpu).and_then(|vcpu| vcpu.info_word(1)) else {
            return true;
        };
        selector.fetch_or(1 << (word % 64), Ordering::SeqCst) >> (word % 64) & 1 != 0
    }

    fn test_and_set_upcall_pending(&self, vcpu: VcpuId) -> bool {
        let Some(word) = self.0.vcpu(vcpu).and_then(|vcpu| vcpu.info_word(0)) else {
            return true;
        };
        word.fetch_or(1, Ordering::SeqCst) & 0xff != 0
    }
}

/// Does what a delivery asks for.
pub(crate) fn apply(domain: &'static Domain, effect: Effect) {
    if effect.pollers {
        // Each poller looks at its ports again when it runs.
        for vcpu in domain
            .vcpus()
            .filter(|vcpu| vcpu.polling.load(Ordering::Acquire))
        {
            schedule::wake(vcpu);
        }
    }
    if let Some(vcpu) = effect.notify.and_then(|id| domain.vcpu(id)) {
        schedule::wake(vcpu);
    }
}

/// Delivers a send that [`ringwall_model::event::Ports::target`] resolved.
pub(crate) fn deliver(target: Target) {
    if let Some(domain) = domain::find(target.domain()) {
        apply(domain, domain.ports().deliver(target, &Bits(domain)));
    }
}

/// Raises a virtual interrupt of one virtual CPU.
pub(crate) fn raise_virq(vcpu: &Vcpu, virq: Virq) {
    let domain = vcpu.domain();
    apply(
        domain,
        domain.ports().raise_virq(vcpu.id(), virq, &Bits(domain)),
    );
}

/// Whether a virtual interrupt would tell a virtual CPU something.
pub(crate) fn is_news(vcpu: &Vcpu, virq: Virq) -> bool {
    let domain = vcpu.domain();
    domain.ports().is_news(vcpu.id(), virq, &Bits(domain))
}

/// Raises a virtual interrupt of a whole domain.
pub(crate) fn raise_global_virq(domain: &'static Domain, virq: Virq) {
    apply(
        domain,
        domain
            .ports()
            .raise_virq(VcpuId::new(0), virq, &Bits(domain)),
    );
}

/// Raises a physical interrupt.
pub(crate) fn raise_pirq(domain: &'static Domain, pirq: Pirq) {
    apply(domain, domain.ports().raise_pirq(pirq, &Bits(domain)));
}
