//! `iret` (23): back from a handler, to kernel or user code.
//!
//! The guest's stack has the structure `iret_context`. A stack that can't be read, or user code
//! without a root table, ends the domain. The entry code does the common returns by itself.

use ringwall_abi::GuestAddress;
use ringwall_abi::arch_x86::{IretContext, VcpuContextFlags};
use ringwall_hw::cpu::local;
use ringwall_hw::guest::mode;
use ringwall_hw::memory::guest;
use ringwall_model::emulate::flags::{self, Events};
use ringwall_model::segment::Selector;

use super::{Call, Result, Stop};
use crate::trap::RingLayout;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let layout = RingLayout;
    let frame = &mut *call.frame;
    let Ok(context) = guest::read::<IretContext>(GuestAddress::new(frame.rsp)) else {
        return Err(Stop::Crash("the stack of its iret can't be read"));
    };
    let local = local::current();
    if layout.is_user(context.cs) && !mode::enter_user(local) {
        return Err(Stop::Crash(
            "an iret to user code without a root table for it",
        ));
    }
    if context.flags & VcpuContextFlags::IN_SYSCALL.bits() == 0 {
        frame.r11 = context.r11;
        frame.rcx = context.rcx;
    }
    frame.rax = context.rax;
    frame.rip = context.rip;
    frame.rsp = context.rsp;
    frame.cs = selector(context.cs, layout.kernel_cs());
    frame.ss = selector(context.ss, layout.kernel_ss());
    frame.rflags = flags::on_exit(context.rflags);
    frame.exit_by_iret();
    call.vcpu
        .set_masked(Events::requested_by(context.rflags) == Events::Masked);
    Err(Stop::Replaced)
}

/// A selector as the CPU may load it: what is not the guest's becomes one that faults.
#[expect(clippy::cast_possible_truncation, reason = "a selector has 16 bits")]
fn selector(raw: u64, null: u64) -> u64 {
    let raw = raw as u16;
    match Selector::new(raw).for_code_or_stack() {
        Some(selector) => selector.raw().into(),
        // The kernel's flat stack segment may be null in 64-bit mode.
        None if raw < 4 => null,
        None => u64::from(raw | 3),
    }
}
