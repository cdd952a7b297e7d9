//! `VCPUOP_get_runstate_info` of another virtual CPU: offline while it is down, blocked while it waits, runnable or running
//! while it works, and its times add up to the time since it was made: `public/vcpu.h`. `VCPUOP_get_physid` names the
//! physical CPU that a virtual one is pinned to, for the privileged domain: `EINVAL` where it is not pinned.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, Ordering};

use guests::sdk::abi::vcpu::{GetPhysid, Runstate, RunstateInfo, VcpuOp};
use guests::sdk::abi::{Errno, VcpuId};
use guests::sdk::hypercall::{vcpu_physid, vcpu_runstate, vcpu_send_nmi, yield_now};
use guests::sdk::{hypercall, time};
use guests::vcpus::{SECOND, second, start, until};
use guests::{Check, Verdict, address_mut, ensure, refused, unless_xen};

guests::rule!(check);

static WORK: AtomicBool = AtomicBool::new(true);

fn is(states: &[Runstate]) -> bool {
    vcpu_runstate(SECOND).is_ok_and(|info| states.iter().any(|state| info.state == *state as i32))
}

fn spent(info: &RunstateInfo, state: Runstate) -> u64 {
    info.time[state as usize]
}

fn check() -> Check {
    ensure!(is(&[Runstate::Offline]), "one that is down is not offline");
    let before = vcpu_runstate(SECOND)?;
    time::sleep_ns(10_000_000);
    let after = vcpu_runstate(SECOND)?;
    let offline = spent(&after, Runstate::Offline) - spent(&before, Runstate::Offline);
    ensure!(offline >= 9_000_000, "10 ms offline count as {offline} ns");
    let other = start(|| {
        while WORK.load(Ordering::SeqCst) {
            yield_now();
        }
        let _ = hypercall::poll(&[], time::monotonic_ns() + 50_000_000);
    })?;
    until("runnable", || is(&[Runstate::Runnable, Runstate::Running]))?;
    WORK.store(false, Ordering::SeqCst);
    until("blocked", || is(&[Runstate::Blocked]))?;
    other.join();
    until("offline again", || is(&[Runstate::Offline]))?;
    let now = vcpu_runstate(SECOND)?;
    let states = [Runstate::Runnable, Runstate::Blocked];
    for state in states {
        let spent = spent(&now, state);
        ensure!(spent > 0, "no time was spent {state:?}");
    }

    let id = vcpu_physid(VcpuId::new(0))?;
    ensure!(id & 0xffff_ffff == 0, "the first one's CPU is {id:#x}");
    match vcpu_physid(SECOND) {
        Ok(id) => unless_xen!(
            id == 1 | 1 << 32,
            "the second one's CPU is {id:#x}, which the machine does not have; we number virtual CPUs"
        ),
        Err(error) if error.errno() == Some(Errno::EINVAL) => {}
        Err(error) => return Err(Verdict::failure(error)),
    }
    let mut argument = GetPhysid::default();
    let nobody = guests::ask(
        guests::sdk::abi::Hypercall::VcpuOp,
        [
            u64::from(VcpuOp::GetPhysid.number()),
            7,
            address_mut(&mut argument),
        ],
    );
    refused("no virtual CPU", nobody, &[Errno::ENOENT])?;
    let unwritable = second(VcpuOp::GetRunstateInfo, 0x10);
    refused("no room", unwritable, &[Errno::EFAULT])?;
    // Guests get no NMIs on Ringwall. Xen delivers one to whoever has registered a handler.
    let nmi = vcpu_send_nmi(VcpuId::new(7)).map_err(|error| error.errno());
    ensure!(nmi == Err(Some(Errno::ENOENT)), "an NMI to nobody: {nmi:?}");
    let nmi = vcpu_send_nmi(SECOND).map_err(|error| error.errno());
    unless_xen!(
        nmi == Err(Some(Errno::EOPNOTSUPP)),
        "an NMI to one that is down: {nmi:?}; guests get none on Ringwall, and are told so"
    );
    Ok(())
}
