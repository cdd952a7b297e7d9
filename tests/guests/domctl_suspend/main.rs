//! A domain that suspends itself stands still, and says so; its toolstack may call that off: it sets RAX to 1, and resumes
//! it, as the note `XEN_ELFNOTE_SUSPEND_CANCEL` says. The port of `XEN_DOMCTL_subscribe` tells the toolstack first.
//! `public/sched.h`, `public/elfnote.h`, `public/domctl.h`. `SCHEDOP_shutdown_code` names a reason before it is one, and the domain goes on.
#![no_std]
#![no_main]

use guests::control::{NOBODY, domctl, domctl_bare};
use guests::domain::Domain;
use guests::events::{event, set_masked, take_pending};
use guests::sdk::abi::domctl::{DomainFlags, DomctlOp};
use guests::sdk::abi::event_channel::{AllocUnbound, BindInterdomain, EventChannelOp};
use guests::sdk::abi::sched::ShutdownReason;
use guests::sdk::abi::{DomainId, Errno, Port};
use guests::sdk::shutdown::{self, SuspendError};
use guests::vcpus::until;
use guests::{Check, code, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    // Suspends with its third argument as a toolstack wants it, keeps the answer; then names reason 3, and ends for 0.
    let code = code!(
        "mov dword ptr [rbx + 16], 2",
        "mov eax, 29",
        "mov edi, 2",
        "lea rsi, [rbx + 16]",
        "mov edx, 0x1234",
        "syscall",
        "mov [rbx], rax",
        "mov dword ptr [rbx + 16], 3",
        "mov eax, 29",
        "mov edi, 5",
        "lea rsi, [rbx + 16]",
        "syscall",
        "mov [rbx + 8], rax",
        "mov dword ptr [rbx + 16], 0",
        "mov eax, 29",
        "mov edi, 2",
        "lea rsi, [rbx + 16]",
        "syscall",
    );
    let domain = Domain::with_code(1, &code)?;
    let (its, own) = subscribe(&domain)?;
    granted("unpause", domain.unpause())?;
    let info = domain.until(|info| info.flags.contains(DomainFlags::SHUTDOWN))?;
    equal(
        "the reason",
        info.flags.shutdown_reason(),
        ShutdownReason::Suspend.number(),
    )?;
    until("an event of its suspension", || take_pending(own))?;
    ensure!(its.raw() != 0, "no port");
    let mut context = domain.get_context(0)?;
    equal("the third argument", context.user_regs.rdx, 0x1234)?;
    context.user_regs.rax = 1;
    granted("setvcpucontext", domain.set_context(0, &context))?;
    granted("resume", domctl_bare(DomctlOp::ResumeDomain, domain.id()))?;
    let info = domain.until(|info| {
        info.flags.contains(DomainFlags::SHUTDOWN) && info.flags.shutdown_reason() != 2
    })?;
    equal("RAX", domain.data(0)?, 1)?;
    equal("shutdown_code", domain.data(8)?, 0)?;
    equal(
        "the reason, which was named",
        info.flags.shutdown_reason(),
        ShutdownReason::Crash.number(),
    )?;
    refused(
        "subscribe to nobody",
        domctl(DomctlOp::Subscribe, NOBODY, &mut 1_u32),
        &[Errno::ESRCH],
    )?;
    // The SDK's own call: the machine would end with this domain.
    let own = shutdown::suspend();
    equal("the caller", own, Err(SuspendError::Privileged))
}

/// A port of the domain, bound to one of ours, that it is to tell by.
fn subscribe(domain: &Domain) -> Result<(Port, Port), guests::Verdict> {
    let mut unbound = AllocUnbound {
        dom: domain.id(),
        remote_dom: DomainId::SELF,
        ..AllocUnbound::default()
    };
    granted(
        "alloc_unbound",
        event(EventChannelOp::AllocUnbound, &mut unbound),
    )?;
    let mut bind = BindInterdomain {
        remote_dom: domain.id(),
        remote_port: unbound.port,
        ..BindInterdomain::default()
    };
    granted(
        "bind_interdomain",
        event(EventChannelOp::BindInterdomain, &mut bind),
    )?;
    set_masked(bind.local_port, true);
    take_pending(bind.local_port);
    let mut port = unbound.port.raw();
    let answer = domctl(DomctlOp::Subscribe, domain.id(), &mut port);
    granted("subscribe", answer)?;
    Ok((unbound.port, bind.local_port))
}
