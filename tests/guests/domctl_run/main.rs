//! A domain that `domctl` made and filled runs its own code, ends for its own reason, or for the one that
//! `SCHEDOP_remote_shutdown` names, and `VIRQ_DOM_EXC` tells who has that: `public/domctl.h`, `public/sched.h`,
//! `public/xen.h`. Lesson 25: what it finds in its pages is nobody else's.
#![no_std]
#![no_main]

use guests::control::{NOBODY, domctl_bare};
use guests::domain::Domain;
use guests::events::{take_pending, virq};
use guests::sdk::abi::domctl::{DomainFlags, DomctlOp};
use guests::sdk::abi::sched::ShutdownReason;
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{DomainId, Errno};
use guests::sdk::hypercall::{self, remote_shutdown};
use guests::vcpus::until;
use guests::{Check, code, ensure, equal, granted, refused};

guests::rule!(check);

fn errno(result: hypercall::Result<()>) -> Option<Errno> {
    result.err().and_then(hypercall::Error::errno)
}

fn check() -> Check {
    let ends = events()?;
    // Sums its page of data up, leaves a word there, and ends for reason 1, which is to reboot.
    let code = code!(
        "xor eax, eax",
        "xor ecx, ecx",
        "5:",
        "or rax, [rbx + rcx * 8]",
        "inc ecx",
        "cmp ecx, 512",
        "jb 5b",
        "mov [rbx + 8], rax",
        "mov qword ptr [rbx], 42",
        "mov dword ptr [rbx + 16], 1",
        "mov eax, 29",
        "mov edi, 2",
        "lea rsi, [rbx + 16]",
        "syscall",
    );
    let domain = Domain::with_code(1, &code)?;
    equal("before it ran", domain.data(0)?, 0)?;
    let before = domain.info()?;
    equal("the time that it ran", before.cpu_time, 0)?;
    granted("unpause", domain.unpause())?;
    let info = domain.until(|info| info.flags.contains(DomainFlags::SHUTDOWN))?;
    equal(
        "the reason",
        info.flags.shutdown_reason(),
        ShutdownReason::Reboot.number(),
    )?;
    equal("its word", domain.data(0)?, 42)?;
    equal("what it found", domain.data(8)?, 0)?;
    ensure!(info.cpu_time > 0, "it ran for no time");
    until("an event of its end", || take_pending(ends))?;
    // It goes on behind the call, and that is its end: nothing handles what comes there.
    granted("resume", domctl_bare(DomctlOp::ResumeDomain, domain.id()))?;
    let info = domain.until(|info| info.flags.contains(DomainFlags::SHUTDOWN))?;
    equal(
        "the reason",
        info.flags.shutdown_reason(),
        ShutdownReason::Crash.number(),
    )?;

    let idle = code!("5:", "mov eax, 29", "mov edi, 1", "syscall", "jmp 5b");
    let domain = Domain::with_code(1, &idle)?;
    granted("unpause", domain.unpause())?;
    domain.until(|info| info.flags.contains(DomainFlags::BLOCKED))?;
    take_pending(ends);
    remote_shutdown(domain.id(), ShutdownReason::Poweroff)?;
    let info = domain.until(|info| info.flags.contains(DomainFlags::SHUTDOWN))?;
    equal(
        "the reason",
        info.flags.shutdown_reason(),
        ShutdownReason::Poweroff.number(),
    )?;
    until("an event of its end", || take_pending(ends))?;
    let nobody = remote_shutdown(NOBODY, ShutdownReason::Crash);
    equal("nobody's shutdown", errno(nobody), Some(Errno::ESRCH))?;
    let own = guests::ask(guests::sdk::abi::Hypercall::SchedOp, [4, 0x10]);
    refused("no argument", own, &[Errno::EFAULT])?;
    equal("its number", domain.id().is_ordinary(), true)?;
    ensure!(domain.id() != DomainId::DOM0, "it is dom0");
    Ok(())
}

/// The port of `VIRQ_DOM_EXC`, which is masked: the bit alone is looked at.
fn events() -> Result<guests::sdk::abi::Port, guests::Verdict> {
    let port = virq(Virq::DomExc)?;
    guests::events::set_masked(port, true);
    Ok(port)
}
