//! A domain has a weight and a cap, as credit2 has them, and each virtual CPU a set of CPUs on which it may run and one on
//! which it had better: `public/domctl.h`. Sets without a CPU of the machine, and those of virtual CPUs that there are not,
//! are refused. Lesson 23: numbers of nodes and CPUs are looked at before they are an index.
#![no_std]
#![no_main]

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

use guests::control::{bitmap, domctl};
use guests::domain::Domain;
use guests::sdk::abi::domctl::{
    AffinityFlags, DomctlOp, NodeAffinity, SchedulerCommand, SchedulerId, SchedulerOp, VcpuAffinity,
};
use guests::sdk::abi::xen::ControlBitmap;
use guests::sdk::abi::{DomainId, Errno, GuestAddress, VcpuId};
use guests::{Answer, Check, ensure, equal, granted, refused};

guests::rule!(check);

fn scheduler(
    id: DomainId,
    command: u32,
    scheduler: SchedulerId,
    weight: u16,
    cap: u16,
) -> (Answer, u64) {
    let mut request = SchedulerOp {
        sched_id: scheduler.number(),
        cmd: command,
        body: [u64::from(weight) | u64::from(cap) << 16, 0],
    };
    let answer = domctl(DomctlOp::SchedulerOp, id, &mut request);
    (answer, request.body[0] & 0xffff_ffff)
}

fn check() -> Check {
    let domain = Domain::new(1)?;
    let (put, get) = (
        SchedulerCommand::PutInfo.number(),
        SchedulerCommand::GetInfo.number(),
    );
    let credit2 = SchedulerId::Credit2;
    let (answer, first) = scheduler(domain.id(), get, credit2, 0, 0);
    granted("getinfo", answer)?;
    equal("weight and cap of a new domain", first, 256)?;
    granted("putinfo", scheduler(domain.id(), put, credit2, 512, 25).0)?;
    let (_, now) = scheduler(domain.id(), get, credit2, 0, 0);
    equal("weight and cap", now, 512 | 25 << 16)?;
    for (what, command, kind) in [
        ("another scheduler", get, SchedulerId::Rtds),
        ("an unknown command", 99, credit2),
    ] {
        let (answer, _) = scheduler(domain.id(), command, kind, 1, 0);
        refused(what, answer, &[Errno::EINVAL, Errno::ENOSYS])?;
    }
    affinity(&domain)?;

    let nodes = AtomicU64::new(1);
    let mut request = NodeAffinity {
        nodemap: bitmap(&nodes),
    };
    granted(
        "setnodeaffinity",
        domain.control(DomctlOp::SetNodeAffinity, &mut request),
    )?;
    nodes.store(0xff00, SeqCst);
    granted(
        "getnodeaffinity",
        domain.control(DomctlOp::GetNodeAffinity, &mut request),
    )?;
    equal("the nodes", nodes.load(SeqCst), 1)?;
    nodes.store(1 << 40, SeqCst);
    let answer = domain.control(DomctlOp::SetNodeAffinity, &mut request);
    refused("a node that there is not", answer, &[Errno::EINVAL])?;
    request.nodemap.bitmap = GuestAddress::new(0x10);
    let answer = domain.control(DomctlOp::SetNodeAffinity, &mut request);
    refused("no set", answer, &[Errno::EFAULT])
}

fn affinity(domain: &Domain) -> Check {
    let (hard, soft) = (AtomicU64::new(1), AtomicU64::new(1));
    let mut request = VcpuAffinity {
        flags: AffinityFlags::HARD | AffinityFlags::SOFT,
        cpumap_hard: bitmap(&hard),
        cpumap_soft: bitmap(&soft),
        ..VcpuAffinity::default()
    };
    let (set, get) = (DomctlOp::SetVcpuAffinity, DomctlOp::GetVcpuAffinity);
    granted("getvcpuaffinity", domain.control(get, &mut request))?;
    ensure!(hard.load(SeqCst) & 1 == 1, "not on the one CPU");
    hard.store(1, SeqCst);
    soft.store(!0, SeqCst);
    granted("setvcpuaffinity", domain.control(set, &mut request))?;
    // What is effective of both: the CPUs that there are.
    let effective = [hard.load(SeqCst), soft.load(SeqCst)];
    equal("what is effective", effective, [1, 1])?;
    hard.store(1 << 40, SeqCst);
    request.flags = AffinityFlags::HARD;
    refused(
        "no CPU of the machine",
        domain.control(set, &mut request),
        &[Errno::EINVAL],
    )?;
    hard.store(1, SeqCst);
    for vcpu in [1, 4095, u32::MAX] {
        request.vcpu = VcpuId::new(vcpu);
        for operation in [set, get] {
            let answer = domain.control(operation, &mut request);
            refused(
                format_args!("{operation} of virtual CPU {vcpu}"),
                answer,
                &[Errno::ESRCH, Errno::EINVAL],
            )?;
        }
    }
    request.vcpu = VcpuId::new(0);
    request.flags = AffinityFlags::empty();
    for operation in [set, get] {
        refused(
            "no flag",
            domain.control(operation, &mut request),
            &[Errno::EINVAL],
        )?;
    }
    request.flags = AffinityFlags::HARD;
    request.cpumap_hard = ControlBitmap {
        bitmap: GuestAddress::new(0x10),
        ..request.cpumap_hard
    };
    refused(
        "no set",
        domain.control(set, &mut request),
        &[Errno::EFAULT],
    )?;
    Ok(())
}
