//! A virtual CPU gets a state once by `VCPUOP_initialise`, runs from `VCPUOP_up` on, stops by `VCPUOP_down`, and goes on
//! where it was when it is up again: `public/vcpu.h`. One without a state can't be up: `EINVAL`; a second state is
//! `EEXIST`. `VCPUOP_up` of one that is up, and `VCPUOP_down` of one that is down, change nothing.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::page::page;
use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::vcpus::{context, initialise, second, until};
use guests::{Check, ask, code, ensure, equal, granted, refused};

guests::rule!(check);

fn is_up() -> Result<u64, guests::Verdict> {
    granted("is_up", second(VcpuOp::IsUp, 0))
}

fn check() -> Check {
    equal("is_up of one without a state", is_up()?, 0)?;
    refused(
        "up without a state",
        second(VcpuOp::Up, 0),
        &[Errno::EINVAL],
    )?;
    let unreadable = second(VcpuOp::Initialise, 0x10);
    refused("a state at no address", unreadable, &[Errno::EFAULT])?;

    // Counts, and goes down, over and over.
    let code = code!(
        "5:",
        "lock inc qword ptr [rbx]",
        "mov eax, 24",
        "mov edi, 2",
        "mov esi, 1",
        "xor edx, edx",
        "syscall",
        "mov [rbx + 8], rax",
        "jmp 5b",
    );
    let (counter, _) = page()?;
    let (stack, _) = page()?;
    let mut state = context(&code, stack.address() + 4096)?;
    state.user_regs.rbx = counter.address();
    granted("initialise", initialise(&state))?;
    refused("twice", initialise(&state), &[Errno::EEXIST])?;
    equal("is_up before it is", is_up()?, 0)?;
    let count = || counter.u64(0).load(Ordering::SeqCst);
    equal("it ran before it was up", count(), 0)?;
    for turn in 1..=3 {
        granted("up", second(VcpuOp::Up, 0))?;
        until("down by itself", || is_up() == Ok(0))?;
        equal("turns", count(), turn)?;
    }
    equal("down answers", counter.u64(8).load(Ordering::SeqCst), 0)?;
    refused("initialise", initialise(&state), &[Errno::EEXIST])?;
    granted("down when it is", second(VcpuOp::Down, 0))?;
    equal("is_up", is_up()?, 0)?;
    equal("turns", count(), 3)?;
    // The caller is up, and stays so.
    let own = |operation: VcpuOp| ask(Hypercall::VcpuOp, [u64::from(operation.number()), 0, 0]);
    granted("up of the caller", own(VcpuOp::Up))?;
    equal("is_up", granted("is_up", own(VcpuOp::IsUp))?, 1)?;
    ensure!(count() == 3, "it ran while it was down");
    Ok(())
}
