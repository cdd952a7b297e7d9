//! What a guest does that does not end.

use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use ringwall_abi::domctl::DomainFlags;
use ringwall_abi::ringwall::{Reply, Request, VcpuCounters};
use ringwall_abi::{DomainId, VcpuId};
use ringwall_control::Hypervisor;

use crate::Outcome;

/// A guest's first virtual CPU, the only one that it brings up.
const VCPU: VcpuId = VcpuId::new(0);
/// For how long a busy one is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Why it does not end.
pub(crate) enum Reason {
    /// It has put itself to sleep, or its virtual CPU down, and nobody sends it anything.
    Asleep {
        up: u32,
        /// The first argument of the hypercall that it does not come back from: an operation of `sched_op` or
        /// `vcpu_op`, or a list of calls.
        argument: u64,
    },
    /// It runs: where, and what the hypervisor did for it during [`LOOK`].
    Busy {
        rip: [u64; 2],
        ran_ns: u64,
        counters: VcpuCounters,
    },
}

pub(crate) fn why(hypervisor: &Hypervisor, domain: DomainId) -> Outcome<Reason> {
    let info = hypervisor.domain_info(domain)?;
    if info.flags.contains(DomainFlags::BLOCKED) {
        return Ok(Reason::Asleep {
            up: info.nr_online_vcpus,
            argument: hypervisor.vcpu_context(domain, VCPU)?.user_regs.rdi,
        });
    }
    let rip = || -> Outcome<u64> { Ok(hypervisor.vcpu_context(domain, VCPU)?.user_regs.rip) };
    let first = (rip()?, counters(hypervisor, domain)?);
    sleep(LOOK);
    let (counters, before) = (counters(hypervisor, domain)?, first.1);
    let ran_ns = hypervisor.domain_info(domain)?.cpu_time - info.cpu_time;
    Ok(Reason::Busy {
        rip: [first.0, rip()?],
        ran_ns,
        counters: VcpuCounters {
            hypercalls: std::array::from_fn(|class| {
                counters.hypercalls[class] - before.hypercalls[class]
            }),
            page_faults: counters.page_faults - before.page_faults,
            emulated_writes: counters.emulated_writes - before.emulated_writes,
            emulated_instructions: counters.emulated_instructions - before.emulated_instructions,
            upcalls: counters.upcalls - before.upcalls,
            grants: counters.grants - before.grants,
        },
    })
}

/// What was done for a virtual CPU; nothing on Xen, which does not tell.
fn counters(hypervisor: &Hypervisor, domain: DomainId) -> Outcome<VcpuCounters> {
    let question = Request::Counters { domain, vcpu: VCPU };
    Ok(match hypervisor.ask(&question)? {
        Some(Reply::Counters(counters)) => counters,
        _ => VcpuCounters::default(),
    })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asleep { up, argument } => {
                write!(
                    f,
                    "asleep in a call of {argument:#x}, with {up} virtual CPUs up"
                )
            }
            Self::Busy {
                rip,
                ran_ns,
                counters,
            } => {
                let [first, last] = rip;
                write!(
                    f,
                    "runs, at {first:#x} and {last:#x}; in between {ran_ns} ns, {counters:?}"
                )
            }
        }
    }
}
