//! `arch_1` (49): what only Ringwall has, for privileged domains.
//!
//! Arguments, result and errors: [`ringwall_abi::ringwall`]. Nothing is preempted: a request is
//! a few look-ups.

use ringwall_abi::ringwall::{
    DOMAINS, DomainStatistics, REPLY_MAX, REQUEST_MAX, Reply, Request, Statistics, VERSION,
    VcpuStatistics, decode, encode,
};
use ringwall_abi::{DomainId, Errno};
use ringwall_hw::heap;
use ringwall_hw::memory::guest;

use super::{Call, Result, sysctl, vcpu_op};
use crate::domain::{self, Domain};
use crate::vcpu::Vcpu;
use crate::{clock, pool};

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
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
