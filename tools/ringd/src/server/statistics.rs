//! What Ringwall alone counts, by its own hypercall. On Xen there is nothing.

use ringwall_abi::ringwall::{HypercallClass, Reply, Request, VcpuCounters};
use ringwall_abi::{DomainId, VcpuId};
use ringwall_api::{Counters, Hypercalls, MemoryUse, VcpuInfo, VcpuStatistics};

use crate::daemon::Daemon;
use crate::domain::pages_kib;

/// How a virtual CPU spent its time, and what it did.
pub(super) fn of_vcpu(daemon: &Daemon, domain: DomainId, vcpu: VcpuId) -> Option<VcpuStatistics> {
    let Reply::Vcpu(times) = ask(daemon, &Request::Vcpu { domain, vcpu })? else {
        return None;
    };
    Some(VcpuStatistics {
        running_ns: times.running_ns,
        runnable_ns: times.runnable_ns,
        blocked_ns: times.blocked_ns,
        offline_ns: times.offline_ns,
        counters: counters(daemon, domain, vcpu)?,
    })
}

/// The sum of what virtual CPUs did that were looked at.
pub(super) fn sum(vcpus: &[VcpuInfo]) -> Option<Counters> {
    let mut sum = None::<Counters>;
    for statistics in vcpus.iter().filter_map(|vcpu| vcpu.statistics) {
        sum.get_or_insert_default().add(&statistics.counters);
    }
    sum
}

/// What the first `count` virtual CPUs of a domain did, together.
pub(super) fn of_domain(daemon: &Daemon, domain: DomainId, count: u32) -> Option<Counters> {
    let mut sum = None::<Counters>;
    for number in 0..count {
        if let Some(counters) = counters(daemon, domain, VcpuId::new(number)) {
            sum.get_or_insert_default().add(&counters);
        }
    }
    sum
}

fn counters(daemon: &Daemon, domain: DomainId, vcpu: VcpuId) -> Option<Counters> {
    match ask(daemon, &Request::Counters { domain, vcpu })? {
        Reply::Counters(counted) => Some(shown(&counted)),
        _ => None,
    }
}

fn shown(counted: &VcpuCounters) -> Counters {
    let of = |class: HypercallClass| {
        let counts = counted.hypercalls.get(class as usize);
        counts.copied().unwrap_or(0)
    };
    Counters {
        hypercalls: Hypercalls {
            memory: of(HypercallClass::Memory),
            state: of(HypercallClass::State),
            events: of(HypercallClass::Events),
            grants: of(HypercallClass::Grants),
            scheduling: of(HypercallClass::Scheduling),
            control: of(HypercallClass::Control),
            multicalls: of(HypercallClass::Multicalls),
            other: of(HypercallClass::Other),
        },
        page_faults: counted.page_faults,
        emulated_writes: counted.emulated_writes,
        emulated_instructions: counted.emulated_instructions,
        upcalls: counted.upcalls,
        grants: counted.grants,
    }
}

/// What a domain's memory is used as: a look at all frames of the machine, part by part.
pub(super) fn memory_use(daemon: &Daemon, domain: DomainId) -> Option<MemoryUse> {
    let mut sum = MemoryUse::default();
    let mut from = Some(0);
    while let Some(begin) = from {
        let request = Request::Pages {
            domain,
            from: begin,
        };
        let Reply::Pages(part) = ask(daemon, &request)? else {
            return None;
        };
        let [l1, l2, l3, l4] = part.tables;
        for (sum, pages) in [
            (&mut sum.unused_kib, part.unused),
            (&mut sum.writable_kib, part.writable),
            (&mut sum.l1_kib, l1),
            (&mut sum.l2_kib, l2),
            (&mut sum.l3_kib, l3),
            (&mut sum.l4_kib, l4),
            (&mut sum.descriptors_kib, part.descriptors),
            (&mut sum.shared_kib, part.shared),
        ] {
            *sum = sum.saturating_add(pages_kib(pages));
        }
        // Parts that don't advance would never end.
        from = part.next.filter(|next| *next > begin);
    }
    Some(sum)
}

/// A domain that is gone has no numbers either.
fn ask(daemon: &Daemon, request: &Request) -> Option<Reply> {
    daemon.hypervisor.ask(request).ok().flatten()
}
