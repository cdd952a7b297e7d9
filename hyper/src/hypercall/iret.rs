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
    frame.cs = selector(context.cs).unwrap_or(NULL);
    // In 64-bit mode a kernel's own stack segment may be null, as it is on a bare CPU.
    frame.ss = selector(context.ss).unwrap_or(layout.kernel_ss());
    frame.rflags = flags::on_exit(context.rflags);
    frame.exit_by_iret();
    call.vcpu
        .set_masked(Events::requested_by(context.rflags) == Events::Masked);
    Err(Stop::Replaced)
}

/// A null selector of ring 3, which faults as code.
const NULL: u64 = 3;

/// A selector as the CPU may load it: what is not the guest's becomes one that faults. `None`: null.
#[expect(clippy::cast_possible_truncation, reason = "a selector has 16 bits")]
fn selector(raw: u64) -> Option<u64> {
    match Selector::new(raw as u16).for_code_or_stack() {
        Some(selector) => Some(selector.raw().into()),
        None if (raw as u16) < 4 => None,
        None => Some(u64::from(raw as u16 | 3)),
    }
}
