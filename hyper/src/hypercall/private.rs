//! `arch_1` (49): what only Ringwall has, for privileged domains.
//!
//! Arguments, result and errors: [`ringwall_abi::ringwall`]. Nothing is preempted: a request is
//! a few look-ups.

use ringwall_abi::ringwall::{
    DOMAINS, DomainStatistics, HeapStatistics, PageCounts, REPLY_MAX, REQUEST_MAX, Reply, Request,
    Statistics, VERSION, VcpuStatistics, decode, encode,
};
use ringwall_abi::{DomainId, Errno, Mfn};
use ringwall_hw::heap;
use ringwall_hw::memory::{frames, guest};
use ringwall_model::memory::Kind;

use super::{Call, Result, sysctl, vcpu_op};
use crate::domain::{self, Domain};
use crate::vcpu::Vcpu;
use crate::{clock, pool};

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
    domain::reap_all();
    let reply = answer(call, read(call)?)?;
    let mut place = [0; REPLY_MAX];
    let bytes = encode(&reply, &mut place).ok_or(Errno::ENOBUFS)?;
    let length = bytes.len() as u64;
    if length > call.number(3) {
        return Err(Errno::ENOBUFS.into());
    }
    guest::copy_out(call.address(2), bytes)?;
    Ok(length)
}

fn read(call: &Call<'_>) -> Result<Request> {
    let mut place = [0; REQUEST_MAX];
    let length = usize::try_from(call.number(1)).map_err(|_| Errno::E2BIG)?;
    let bytes = place.get_mut(..length).ok_or(Errno::E2BIG)?;
    guest::copy_in(bytes, call.address(0))?;
    Ok(decode(bytes).ok_or(Errno::EINVAL)?)
}

fn answer(call: &Call<'_>, request: Request) -> Result<Reply> {
    Ok(match request {
        Request::Version => Reply::Version(VERSION),
        Request::Statistics { from } => Reply::Statistics(machine(from)),
        Request::Vcpu { domain, vcpu } => {
            let vcpu = call.domain_named(domain)?.vcpu(vcpu);
            Reply::Vcpu(virtual_cpu(vcpu.ok_or(Errno::ENOENT)?))
        }
        Request::Counters { domain, vcpu } => {
            let vcpu = call.domain_named(domain)?.vcpu(vcpu);
            Reply::Counters(vcpu.ok_or(Errno::ENOENT)?.counters.tell())
        }
        Request::Pages { domain, from } => {
            Reply::Pages(pages(call.domain_named(domain)?.id(), from))
        }
        Request::Heap => Reply::Heap(HeapStatistics {
            frames: heap::frames_in_use(),
            bytes: heap::bytes_in_use(),
        }),
    })
}

fn machine(from: DomainId) -> Statistics {
    Statistics {
        uptime_ns: clock::now_ns(),
        total_frames: sysctl::total_frames(),
        free_frames: pool::free_frames(),
        heap_frames: heap::frames_in_use(),
        domains: domains(from),
    }
}

/// Counts the uses of a domain's frames, of as many frames of the machine as there is time for between
/// two looks at what else waits.
fn pages(domain: DomainId, from: u64) -> PageCounts {
    const PART: u64 = 4096;
    let mut counts = PageCounts::default();
    let end = sysctl::end_of_ram();
    let part_end = from.saturating_add(PART).min(end);
    for frame in (from..part_end).filter_map(|mfn| frames::frame(Mfn::new(mfn))) {
        // No reference is held: each is right for a moment that has been.
        if frame.owner() != domain || frame.references() == 0 {
            continue;
        }
        let [l1, l2, l3, l4] = &mut counts.tables;
        let counter = match frame.usage() {
            (_, 0) | (Kind::None, _) => &mut counts.unused,
            (Kind::Writable, _) => &mut counts.writable,
            (Kind::L1, _) => l1,
            (Kind::L2, _) => l2,
            (Kind::L3, _) => l3,
            (Kind::L4, _) => l4,
            (Kind::Descriptor, _) => &mut counts.descriptors,
            (Kind::Shared, _) => &mut counts.shared,
        };
        *counter += 1;
    }
    counts.next = Some(part_end).filter(|next| *next < end);
    counts
}

fn domains(from: DomainId) -> [Option<DomainStatistics>; DOMAINS] {
    let mut next = Some(from);
    [(); DOMAINS].map(|()| {
        let domain = domain::first_from(next?);
        next = domain.and_then(|domain| domain.id().raw().checked_add(1).map(DomainId::new));
        domain.map(account)
    })
}

fn account(domain: &Domain) -> DomainStatistics {
    let memory = domain.memory().lock();
    DomainStatistics {
        id: domain.id(),
        vcpus: domain.vcpu_count(),
        pages: memory.total_pages(),
        max_pages: memory.max_pages(),
    }
}

fn virtual_cpu(vcpu: &Vcpu) -> VcpuStatistics {
    let [running_ns, runnable_ns, blocked_ns, offline_ns] = vcpu_op::runstate(vcpu).time;
    VcpuStatistics {
        running_ns,
        runnable_ns,
        blocked_ns,
        offline_ns,
    }
}
