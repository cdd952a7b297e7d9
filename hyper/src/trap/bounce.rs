//! Bounce frames: a guest's handler is entered as if the CPU had done it.
//!
//! The frame on the guest's kernel stack, from its lowest address: rcx, r11, error code (of those
//! exceptions that have one), rip, cs with the event mask in bits 39:32, rflags, rsp, ss.
//! Source: public/arch-x86/xen-x86_64.h, and Linux's entry code.

use ringwall_abi::GuestAddress;
use ringwall_hw::cpu::local;
use ringwall_hw::entry::{GuestFrame, SYSCALL_VECTOR};
use ringwall_hw::guest::mode;
use ringwall_hw::memory::guest;
use ringwall_model::emulate::flags::{self, Events};

use super::end::crash_current;
use super::layout::RingLayout;
use crate::vcpu::{Handler, State, Vcpu};

/// Enters a handler of the guest's kernel. The domain ends if its stack can't be written.
pub(crate) fn bounce(
    vcpu: &'static Vcpu,
    frame: &mut GuestFrame,
    handler: Handler,
    error: Option<u64>,
) {
    let layout = RingLayout;
    let local = local::current();
    let masked = vcpu.is_masked();
    let (stack, cs) = if mode::in_kernel(local) {
        (frame.rsp, layout.shown_kernel_cs(frame.cs))
    } else {
        mode::enter_kernel(local);
        (local.guest.kernel_stack.get(), frame.cs & 0xffff)
    };
    let events = if masked {
        Events::Masked
    } else {
        Events::Enabled
    };
    let rflags = flags::in_frame(frame.rflags, events);
    let cs = cs | u64::from(masked) << 32;
    let top = stack & !15;
    let written = match error {
        None => {
            let words = [
                frame.rcx, frame.r11, frame.rip, cs, rflags, frame.rsp, frame.ss,
            ];
            frame.rsp = top.wrapping_sub(8 * words.len() as u64);
            guest::write(GuestAddress::new(frame.rsp), &words)
        }
        Some(error) => {
            let words = [
                frame.rcx, frame.r11, error, frame.rip, cs, rflags, frame.rsp, frame.ss,
            ];
            frame.rsp = top.wrapping_sub(8 * words.len() as u64);
            guest::write(GuestAddress::new(frame.rsp), &words)
        }
    };
    if written.is_err() {
        crash_current(
            frame,
            "its kernel stack can't be written for an exception or event",
        );
        return;
    }
    if handler.masks_events && !masked {
        vcpu.set_masked(true);
    }
    frame.rip = handler.address;
    frame.cs = layout.kernel_cs();
    frame.ss = layout.kernel_ss();
    frame.rflags = flags::on_bounce(frame.rflags);
    // rcx and r11 stand on the stack, so the quick way out may clobber them.
    frame.vector = SYSCALL_VECTOR;
}

/// Raises an exception in the guest. A guest without a handler for it ends.
pub(crate) fn inject(vcpu: &'static Vcpu, frame: &mut GuestFrame, vector: u8, error: Option<u64>) {
    let handler = {
        let state: &State = &vcpu.state.lock();
        let handler = state.traps.get(usize::from(vector));
        handler.copied().unwrap_or_default()
    };
    if handler.address == 0 {
        frame.vector = vector.into();
        crash_current(frame, "an exception for which it has no handler");
        return;
    }
    bounce(vcpu, frame, handler, error);
}

/// Enters the guest's event callback if an event waits and is not masked.
pub(crate) fn deliver_events(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    if vcpu.is_masked() || !vcpu.is_event_pending() {
        return;
    }
    let address = vcpu.state.lock().event_callback;
    if address == 0 {
        crash_current(frame, "an event, but no event callback is registered");
        return;
    }
    vcpu.counters.upcalls.count();
    bounce(
        vcpu,
        frame,
        Handler {
            address,
            masks_events: true,
            dpl: 0,
        },
        None,
    );
}
