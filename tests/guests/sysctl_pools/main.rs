//! `XEN_SYSCTL_cpupool_op` tells of pools of CPUs, of one or of the next above, and moves domains: `public/sysctl.h`. A pool
//! that there is not is `ENOENT`. `XEN_SYSCTL_scheduler_op` tells credit2's rate limit.
#![no_std]
#![no_main]

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

use guests::control::{NOBODY, bitmap, sysctl};
use guests::domain::Domain;
use guests::sdk::abi::Errno;
use guests::sdk::abi::domctl::SchedulerId;
use guests::sdk::abi::sysctl::{CpupoolCommand, CpupoolOp, SysctlOp};
use guests::{Check, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let domain = Domain::new(1)?;
    let cpus = AtomicU64::new(0);
    let mut request = CpupoolOp {
        op: CpupoolCommand::Info.number(),
        cpupool_id: 0,
        cpumap: bitmap(&cpus),
        ..CpupoolOp::default()
    };
    granted("the first pool", sysctl(SysctlOp::CpupoolOp, &mut request))?;
    equal(
        "its scheduler",
        request.sched_id,
        SchedulerId::Credit2.number(),
    )?;
    equal("its domains", request.n_dom, 2)?;
    equal("its CPUs", cpus.load(SeqCst), 1)?;
    request.cpupool_id = 1;
    let answer = sysctl(SysctlOp::CpupoolOp, &mut request);
    refused("no pool above", answer, &[Errno::ENOENT])?;
    request = CpupoolOp {
        op: CpupoolCommand::FreeInfo.number(),
        ..request
    };
    cpus.store(!0, SeqCst);
    granted("CPUs in no pool", sysctl(SysctlOp::CpupoolOp, &mut request))?;
    equal("CPUs in no pool", cpus.load(SeqCst), 0)?;
    request = CpupoolOp {
        op: CpupoolCommand::MoveDomain.number(),
        cpupool_id: 0,
        domid: domain.id().raw().into(),
        ..request
    };
    granted(
        "moved to where it is",
        sysctl(SysctlOp::CpupoolOp, &mut request),
    )?;
    request.cpupool_id = 9;
    let answer = sysctl(SysctlOp::CpupoolOp, &mut request);
    refused("moved to no pool", answer, &[Errno::ENOENT])?;
    request.cpupool_id = 0;
    request.domid = NOBODY.raw().into();
    let answer = sysctl(SysctlOp::CpupoolOp, &mut request);
    refused("nobody moved", answer, &[Errno::ESRCH])?;
    for operation in [0, 8, 99, u32::MAX] {
        request.op = operation;
        let answer = sysctl(SysctlOp::CpupoolOp, &mut request);
        refused("no operation", answer, &[Errno::ENOSYS])?;
    }
    limit()
}

fn limit() -> Check {
    // `cpupool_id`, `sched_id`, `cmd`, padding; the limit in microseconds.
    let mut request = [0, SchedulerId::Credit2.number(), 1, 0, 0, 0_u32];
    granted("scheduler_op", sysctl(SysctlOp::SchedulerOp, &mut request))?;
    ensure!((100..=500_000).contains(&request[4]), "{} us", request[4]);
    for (what, word, value) in [
        ("no pool", 0, 77),
        ("another scheduler", 1, SchedulerId::Rtds.number()),
        ("no command", 2, 99),
    ] {
        let mut bad = request;
        bad[word] = value;
        let answer = sysctl(SysctlOp::SchedulerOp, &mut bad);
        refused(what, answer, &[Errno::EINVAL, Errno::ESRCH])?;
    }
    Ok(())
}
