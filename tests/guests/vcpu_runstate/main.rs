//! `VCPUOP_get_runstate_info` says how long a virtual CPU ran, could have run, slept and was down: the four
//! add up to the time since it was made, and a sleep counts as blocked. `public/vcpu.h`. The caller runs.
//! `VCPUOP_register_runstate_memory_area` keeps a copy that changes with the state, flagged while it is
//! written where `VMASST_TYPE_runstate_update_flag` is on.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::page::page;
use guests::sdk::abi::vcpu::{RegisterRunstateMemoryArea, Runstate, RunstateInfo, VcpuOp};
use guests::sdk::abi::xen::{VmAssistCommand, VmAssistType};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::sdk::hypercall::poll;
use guests::sdk::time::monotonic_ns;
use guests::{Check, Verdict, address, address_mut, ask, ensure, equal, granted, refused};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;

fn get() -> Result<RunstateInfo, Verdict> {
    let mut info = RunstateInfo::default();
    let operation = u64::from(VcpuOp::GetRunstateInfo.number());
    let arguments = [operation, 0, address_mut(&mut info)];
    granted("get", ask(Hypercall::VcpuOp, arguments))?;
    Ok(info)
}

/// Sleeps of 30 ms, one of which the machine under QEMU is left alone for.
const ATTEMPTS: u32 = 20;

fn check() -> Check {
    equal("the state", get()?.state, Runstate::Running as i32)?;
    let sum = |info: &RunstateInfo| info.time.iter().sum::<u64>();
    let mut slept = 0;
    for _ in 0..ATTEMPTS {
        let outer = monotonic_ns();
        let before = get()?;
        let inner = monotonic_ns();
        poll(&[], inner + 30 * MILLISECOND)?;
        let inner = monotonic_ns() - inner;
        let after = get()?;
        let outer = monotonic_ns() - outer;
        let counted = sum(&after) - sum(&before);
        ensure!(
            (inner..=outer).contains(&counted),
            "between {inner} and {outer} ns count as {counted}"
        );
        let blocked = Runstate::Blocked as usize;
        slept = after.time[blocked] - before.time[blocked];
        if slept >= 29 * MILLISECOND {
            break;
        }
    }
    ensure!(
        slept >= 29 * MILLISECOND,
        "30 ms of sleep count as {slept} ns"
    );
    let after = get()?;

    let (area, _) = page()?;
    let assist = [
        u64::from(VmAssistCommand::Enable.number()),
        u64::from(VmAssistType::RunstateUpdateFlag.number()),
    ];
    granted("vm_assist", ask(Hypercall::VmAssist, assist))?;
    let register = |place| {
        let argument = RegisterRunstateMemoryArea {
            address: GuestAddress::new(place),
        };
        let operation = u64::from(VcpuOp::RegisterRunstateMemoryArea.number());
        ask(Hypercall::VcpuOp, [operation, 0, address(&argument)])
    };
    granted("register", register(area.address()))?;
    poll(&[], monotonic_ns() + 20 * MILLISECOND)?;
    let place = |state: Runstate| 16 + 8 * state as usize;
    let blocked = area.u64(place(Runstate::Blocked)).load(Ordering::SeqCst);
    ensure!(
        blocked >= after.time[Runstate::Blocked as usize] + MILLISECOND,
        "the area says {blocked} ns blocked"
    );
    let entry_time = area.u64(8).load(Ordering::SeqCst);
    ensure!(entry_time & RunstateInfo::UPDATE == 0, "the flag stays on");
    equal(
        "the area's state",
        area.u32(0).load(Ordering::SeqCst),
        Runstate::Running as u32,
    )?;
    refused(
        "in the hypervisor",
        register(0xffff_8300_0000_0000),
        &[Errno::EFAULT],
    )
}
