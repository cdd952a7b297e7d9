//! Ends of a guest that it brought on itself.

use ringwall_abi::GuestAddress;
use ringwall_hw::console::Level;
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::selectors::DataSelectors;
use ringwall_hw::memory::guest;
use ringwall_hw::{console, log, panic};

use super::layout::RingLayout;
use crate::domain;
use crate::vcpu::{self, Vcpu};

/// Ends the running domain. Without dom0 there is nobody to go on for: then the machine ends too.
pub(crate) fn crash_current(frame: &mut GuestFrame, reason: &str) {
    let Some(vcpu) = vcpu::current() else { return };
    let domain = vcpu.domain();
    if domain::crash(domain) {
        console::emit(
            Level::Error,
            format_args!("{} vcpu {} ends: {reason}", domain.id(), vcpu.id().raw()),
        );
        panic::registers(frame);
        stack(frame.rsp);
    }
    if domain.is_privileged() {
        log!(Error, "dom0 has crashed");
        panic::stop();
    }
}

fn stack(rsp: u64) {
    log!(Error, "stack:");
    for line in 0..8 {
        let address = rsp.wrapping_add(32 * line);
        let Ok([a, b, c, d]) = guest::read::<[u64; 4]>(GuestAddress::new(address)) else {
            break;
        };
        log!(
            Error,
            "  {address:016x}: {a:016x} {b:016x} {c:016x} {d:016x}"
        );
    }
}

/// Tells the guest that its `iret` can't be done.
pub(super) fn failsafe(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    if vcpu.state.lock().failsafe_callback == 0 {
        crash_current(
            frame,
            "an iret that can't be done, and no failsafe callback",
        );
        return;
    }
    enter_failsafe(vcpu, frame, DataSelectors::current());
}

/// Tells the guest that its virtual CPU, which runs again, had data selectors that its tables no longer hold:
/// they are null now. A guest without a failsafe callback is not told.
pub(crate) fn tell_of_lost_selectors(
    vcpu: &'static Vcpu,
    frame: &mut GuestFrame,
    selectors: DataSelectors,
) {
    if vcpu.state.lock().failsafe_callback != 0 {
        enter_failsafe(vcpu, frame, selectors);
    }
}

/// Enters the failsafe callback, whose frame has the data selectors (ds, es, fs, gs) between r11 and rip.
fn enter_failsafe(vcpu: &'static Vcpu, frame: &mut GuestFrame, selectors: DataSelectors) {
    let (address, masks) = {
        let state = vcpu.state.lock();
        (state.failsafe_callback, state.failsafe_masks_events)
    };
    let local = ringwall_hw::cpu::local::current();
    let layout = RingLayout;
    let (stack, cs) = if ringwall_hw::guest::mode::in_kernel(local) {
        (frame.rsp, layout.shown_kernel_cs(frame.cs))
    } else {
        ringwall_hw::guest::mode::enter_kernel(local);
        (local.guest.kernel_stack.get(), frame.cs & 0xffff)
    };
    let masked = vcpu.is_masked();
    let DataSelectors { ds, es, fs, gs } = selectors;
    let rflags = frame.rflags & !(1 << 9) | u64::from(!masked) << 9;
    let words = [
        frame.rcx,
        frame.r11,
        ds.into(),
        es.into(),
        fs.into(),
        gs.into(),
        frame.rip,
        cs | u64::from(masked) << 32,
        rflags,
        frame.rsp,
        frame.ss,
    ];
    frame.rsp = (stack & !15).wrapping_sub(8 * words.len() as u64);
    let mut bytes = [0; 88];
    for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
        chunk.copy_from_slice(&word.to_ne_bytes());
    }
    if guest::copy_out(GuestAddress::new(frame.rsp), &bytes).is_err() {
        crash_current(
            frame,
            "its kernel stack can't be written for the failsafe callback",
        );
        return;
    }
    if masks {
        vcpu.set_masked(true);
    }
    frame.rip = address;
    frame.cs = layout.kernel_cs();
    frame.ss = layout.kernel_ss();
    frame.rflags = ringwall_model::emulate::flags::on_bounce(frame.rflags);
    frame.exit_by_iret();
}
