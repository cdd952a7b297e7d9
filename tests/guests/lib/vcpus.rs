//! A second virtual CPU of the test's own domain.

use alloc::boxed::Box;

use ringwall_sdk::abi::arch_x86::{
    FLAT_KERNEL_CS, FLAT_KERNEL_SS, VcpuContextFlags, VcpuGuestContext,
};
use ringwall_sdk::abi::vcpu::VcpuOp;
use ringwall_sdk::abi::{Hypercall, VcpuId};
use ringwall_sdk::{hypercall, time, vcpu};
use zerocopy::FromZeros;

use crate::attempt::{Code, root};
use crate::{Answer, Check, Verdict, address, ask};

/// The second one.
pub const SECOND: VcpuId = VcpuId::new(1);

/// Makes an operation on the second virtual CPU.
pub fn second(operation: VcpuOp, argument: u64) -> Answer {
    let arguments = [u64::from(operation.number()), 1, argument];
    ask(Hypercall::VcpuOp, arguments)
}

/// A state in which it runs code of the kernel, with upcalls as they are in its part of the shared page.
///
/// # Errors
///
/// An error of the test where there is no memory.
pub fn context(code: &Code, stack_end: u64) -> Result<Box<VcpuGuestContext>, Verdict> {
    let mut context =
        VcpuGuestContext::new_box_zeroed().map_err(|_| Verdict::error("no memory"))?;
    context.flags = VcpuContextFlags::IN_KERNEL;
    context.user_regs.rip = code.start;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.rsp = stack_end;
    context.kernel_ss = FLAT_KERNEL_SS.into();
    context.kernel_sp = stack_end;
    context.ctrlreg[3] = VcpuGuestContext::mfn_to_cr3(root()?);
    Ok(context)
}

/// Gives it a state.
pub fn initialise(context: &VcpuGuestContext) -> Answer {
    second(VcpuOp::Initialise, address(context))
}

/// Runs a closure on it.
///
/// # Errors
///
/// A skip where there is one virtual CPU alone; else the refusal.
pub fn start(work: impl FnOnce() + Send + 'static) -> Result<vcpu::Task, Verdict> {
    if vcpu::count() < 2 {
        return Err(Verdict::skip("there is one virtual CPU"));
    }
    Ok(vcpu::start(SECOND, work)?)
}

/// Lets others run until something is so, for two seconds at most.
///
/// # Errors
///
/// The rule is broken: it did not come to be so.
pub fn until(what: &str, condition: impl Fn() -> bool) -> Check {
    let end = time::monotonic_ns() + 2_000_000_000;
    while !condition() {
        if time::monotonic_ns() > end {
            return Err(Verdict::failure(format_args!("{what}: not in two seconds")));
        }
        hypercall::yield_now();
    }
    Ok(())
}
