//! Debug exceptions.

use ringwall_hw::cpu::control;
use ringwall_hw::entry::GuestFrame;
use ringwall_model::emulate::flags::Rflags;

use super::bounce::inject;
use crate::vcpu::Vcpu;

const DEBUG: u8 = 1;
/// BS in DR6.
const SINGLE_STEP: u64 = 1 << 14;

/// A breakpoint or single step in the guest: recorded in its DR6, and its handler hears of it.
pub(super) fn on_debug(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let status = control::debug_register(6);
    control::clear_debug_status();
    vcpu.state.lock().debug.report(status);
    inject(vcpu, frame, DEBUG, None);
}

/// The guest goes on after an instruction at `from` that was done for it, with the trap that
/// single-stepping asks for. An instruction that it is to execute again has not moved `rip`.
pub(super) fn after_emulation(vcpu: &'static Vcpu, frame: &mut GuestFrame, from: u64) {
    frame.exit_by_iret();
    if frame.rflags & Rflags::TF.bits() != 0 && frame.rip != from {
        vcpu.state.lock().debug.report(SINGLE_STEP);
        inject(vcpu, frame, DEBUG, None);
    }
}
